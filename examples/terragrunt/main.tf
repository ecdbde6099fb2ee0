# A unit of Terragrunt: a search cluster that an Auto Scaling group makes.

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

resource "aws_launch_template" "search" {
  name          = "search"
  image_id      = var.image
  instance_type = var.instance_type
}

resource "aws_autoscaling_group" "search" {
  name                 = "search"
  min_size             = 0
  max_size             = 15
  desired_capacity     = var.size
  availability_zones   = ["${var.region}a", "${var.region}b", "${var.region}c"]
  termination_policies = ["NewestInstance"]

  launch_template {
    id      = aws_launch_template.search.id
    version = aws_launch_template.search.latest_version
  }

  tag {
    key                 = "Cluster"
    value               = "search"
    propagate_at_launch = true
  }

  tag {
    key                 = "Release"
    value               = var.release
    propagate_at_launch = false
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

variable "region" {
  type    = string
  default = "us-east-1"
}
