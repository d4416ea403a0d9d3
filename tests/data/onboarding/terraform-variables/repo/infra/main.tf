variable "buckets" {
  type = number
}

module "bucket" {
  source = "../modules/bucket"
  count  = var.buckets
}
