// client-go as a client of a server: what bench/sides/client_ours does, with its informers and requests.
package main

import (
	"flag"
	"os"
	"time"
)

func main() {
	rest := flag.Int("rest", 0, "for how many seconds to do nothing in the end")
	flag.Parse()
	if flag.Arg(0) == "decode" && flag.NArg() == 2 {
		decodeList(flag.Arg(1))
		return
	}
	if flag.Arg(0) == "informer" && flag.NArg() == 5 {
		follow(flag.Arg(1), flag.Arg(2), flag.Arg(3), flag.Arg(4))
		return
	}
	if flag.NArg() < 3 {
		flag.Usage()
		os.Exit(2)
	}
	if flag.Arg(0) == "requests" && flag.NArg() == 5 {
		makeRequests(flag.Arg(1), flag.Arg(2), flag.Arg(3), flag.Arg(4))
		return
	}
	watchPods(flag.Arg(0), flag.Arg(1), flag.Arg(2), time.Duration(*rest)*time.Second)
}
