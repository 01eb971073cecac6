// Command load puts load on a WebSocket server, verifies what comes back, and prints
// what it measured as a line of JSON.
//
//	go run ./load -addr 127.0.0.1:9001 -pid $(pgrep echo) -size 1024 -flight 16
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"

	"github.com/ws6455/ws/bench/internal/load"
)

func main() {
	log.SetFlags(0)
	spec := load.Default()
	spec.Flags(flag.CommandLine)
	flag.Parse()
	result, err := load.Run(spec)
	if err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
}
