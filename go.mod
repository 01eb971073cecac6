module github.com/ws6455/ws

go 1.26
