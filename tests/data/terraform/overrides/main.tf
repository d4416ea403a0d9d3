resource "aws_db_instance" "main" {
  engine         = "postgres"
  instance_class = "db.t3.micro"
  multi_az       = false

  restore_to_point_in_time {
    use_latest_restorable_time = true
  }
  timeouts {
    create = "60m"
  }
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [engine]
  }
}
