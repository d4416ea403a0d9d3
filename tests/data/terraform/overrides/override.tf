resource "aws_db_instance" "main" {
  multi_az = true

  timeouts {
    delete = "10m"
  }
  lifecycle {
    prevent_destroy = false
  }
}
