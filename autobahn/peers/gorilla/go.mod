module github.com/ws6455/ws/autobahn/peers/gorilla

go 1.26

require github.com/gorilla/websocket v1.5.3
