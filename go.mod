module github.com/holdfast-gate/holdfast

go 1.26
