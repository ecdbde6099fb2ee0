# The three members that the search cluster always has.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = var.region
}

resource "aws_instance" "search" {
  count         = var.size
  ami           = var.image
  instance_type = var.instance_type
  subnet_id     = var.subnet

  tags = {
    Name    = "search-${count.index}"
    Cluster = "search"
    Release = var.release
  }
}

variable "size" {
  description = "Members of the cluster."
  type        = number
  default     = 3
}

variable "release" {
  description = "A tag that changes nothing but itself."
  type        = string
  default     = "1"
}

variable "image" {
  description = "AMI of the members; the default is one that emulators know."
  type        = string
  default     = "ami-12c6146b"
}

variable "instance_type" {
  type    = string
  default = "t3.micro"
}

variable "subnet" {
  description = "Subnet of the members; null for the default one."
  type        = string
  default     = null
}

variable "region" {
  type    = string
  default = "us-east-1"
}
