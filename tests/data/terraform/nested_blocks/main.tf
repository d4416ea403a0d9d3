# Everything that a resource block may hold.
resource "aws_instance" "web" {
  count         = 2
  provider      = aws.west
  depends_on    = [aws_vpc.main]
  ami           = var.ami
  instance_type = "m5.large"
  user_data     = <<-EOT
    #!/bin/sh
    echo "$${HOME}"
  EOT
  security_groups = ["a", aws_security_group.b.id]

  root_block_device {
    encrypted = true
  }
  ebs_block_device {
    device_name = "/dev/sdb"
  }
  ebs_block_device {
    device_name = local.device
    tags        = { Name = "b" }
  }
  dynamic "network_interface" {
    for_each = var.interfaces
    content {
      device_index = network_interface.key
    }
  }
  lifecycle {
    prevent_destroy      = true
    ignore_changes       = [tags["Name"], user_data]
    replace_triggered_by = [terraform_data.x.id]
    precondition {
      condition     = var.ok
      error_message = "no"
    }
  }
  provisioner "local-exec" {
    command = "true"
  }
  connection {
    host = "h"
  }
}

data "aws_ami" "not_a_resource" {
  owners = ["self"]
}

resource "aws_s3_bucket" "logs" {
  for_each = toset(["a"])
  bucket   = "logs-${each.key}"
  lifecycle {
    ignore_changes = all
  }
}
