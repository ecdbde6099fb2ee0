# A search cluster whose members an Auto Scaling group makes and ends.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = "us-east-1"
}

variable "size" {
  type    = number
  default = 3
}

resource "aws_launch_template" "search" {
  name          = "search"
  image_id      = "ami-12c6146b"
  instance_type = "t3.micro"
}

resource "aws_autoscaling_group" "search" {
  name               = "search"
  min_size           = 0
  max_size           = 15
  desired_capacity   = var.size
  availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]

  launch_template {
    id      = aws_launch_template.search.id
    version = aws_launch_template.search.latest_version
  }

  tag {
    key                 = "Cluster"
    value               = "search"
    propagate_at_launch = true
  }
}
