variable "password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "replaced" {
  triggers_replace = ["b"]
}

resource "terraform_data" "replaced_first" {
  triggers_replace = { v = 2 }

  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "updated" {
  input = {
    size = 2
    list = ["a", "c"]
    id   = terraform_data.created[0].id
  }
}

resource "terraform_data" "created" {
  count = 1
  input = "new"
}

moved {
  from = terraform_data.old_name
  to   = terraform_data.new_name
}

resource "terraform_data" "new_name" {
  input = "same"
}

removed {
  from = terraform_data.forgotten

  lifecycle {
    destroy = false
  }
}

resource "terraform_data" "kept" {}

resource "terraform_data" "secret" {
  input = {
    user     = "app2"
    password = var.password
    list     = [var.password, "plain"]
  }
}

module "m" {
  source = "./m"
}
