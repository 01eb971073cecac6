// Package sock reads and writes the descriptors of sockets that do not wait.
// Its functions are not interrupted, and take little of the stack.
package sock
