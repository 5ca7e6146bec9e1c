package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// phases has the times of a run, and what is held at the end of each of its phases.
type phases struct {
	server string
	report map[string]map[string]float64
	wall   time.Time
	cpu    float64
}

func startPhases(server string) *phases {
	p := &phases{server: server, report: map[string]map[string]float64{"start": {"resident": statusField("VmRSS:")}}}
	p.begin()
	return p
}

// synced says that the first list is complete, and lets the events begin.
func (p *phases) synced() {
	p.end("sync")
	answer, err := http.Get("http://" + p.server + "/go")
	must(err)
	must(answer.Body.Close())
	p.begin()
}

func (p *phases) finished(rest time.Duration) {
	p.end("events")
	if rest > 0 {
		p.begin()
		time.Sleep(rest)
		p.end("rest")
	}
}

func (p *phases) print() {
	text, err := json.Marshal(p.report)
	must(err)
	fmt.Println(string(text))
}

func (p *phases) begin() {
	p.wall, p.cpu = time.Now(), cpuSeconds()
}

// end notes the time before it collects garbage, so that the heap is what is held.
func (p *phases) end(phase string) {
	wall, cpu := time.Since(p.wall).Seconds(), cpuSeconds()-p.cpu
	resident, peak := statusField("VmRSS:"), statusField("VmHWM:")
	runtime.GC()
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	p.report[phase] = map[string]float64{
		"wall": wall, "cpu": cpu, "heap": float64(memory.HeapAlloc), "resident": resident, "peak": peak,
	}
}

// cpuSeconds is the time that this process has had on the cores.
func cpuSeconds() float64 {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

// statusField is a field of the kernel's status of this process, in bytes.
func statusField(name string) float64 {
	status, err := os.ReadFile("/proc/self/status")
	must(err)
	for _, line := range strings.Split(string(status), "\n") {
		if rest, found := strings.CutPrefix(line, name); found {
			kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			must(err)
			return kilobytes * 1024
		}
	}
	panic("the kernel does not tell " + name)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
