// Package micro has benchmarks of single functions beside those of other libraries, as far as these are exported.
//
//	go test -bench . -count 10 ./micro | tee new.txt
//	benchstat -col /lib new.txt
package micro
