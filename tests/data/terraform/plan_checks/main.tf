variable "n" {
  default = 2
  validation {
    condition     = var.n > 0
    error_message = "n must be positive"
  }
}

resource "terraform_data" "a" {
  input            = var.n
  triggers_replace = var.n
  lifecycle {
    postcondition {
      condition     = self.output != 0
      error_message = "no output"
    }
  }
}

data "terraform_remote_state" "later" {
  backend = "local"
  config  = { path = "${terraform_data.a.id}.tfstate" }
}

check "size" {
  assert {
    condition     = var.n > 3
    error_message = "n is small: ${var.n}"
  }
}

output "later" { value = data.terraform_remote_state.later.outputs }
