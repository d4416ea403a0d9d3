provider "aws" {
  region = "eu-west-1"
  default_tags {
    tags = {
      Environment = "prod"
      Owner       = "platform"
      cost        = var.cost
    }
  }
}

provider "aws" {
  alias  = "west"
  region = "us-west-2"
}

provider "google" {
  default_labels = { env = "staging" }
}

resource "aws_db_instance" "own" {
  tags = {
    Owner   = "orders"
    service = "orders-db"
    tier    = 2
  }
}

resource "aws_s3_bucket" "west" {
  provider = aws.west
}

resource "aws_sqs_queue" "merged" {
  tags = merge(local.tags, { service = "q" })
}

resource "google_sql_database_instance" "db" {
  labels = { service = "g" }
}

resource "azurerm_storage_account" "sa" {
  location = "westeurope"
  tags     = { environment = "dev" }
}

resource "kubernetes_deployment" "d" {
  metadata {
    labels = { env = "prod", service = "d" }
  }
}

resource "aws_autoscaling_group" "asg" {
  availability_zones = ["eu-west-1b", "eu-west-1a"]
  tag {
    key                 = "service"
    value               = "asg"
    propagate_at_launch = true
  }
}

resource "google_container_cluster" "zonal" {
  location        = "europe-west1-b"
  resource_labels = { env = "prod" }
}
