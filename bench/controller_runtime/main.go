// controller-runtime's controller: a Secret for each ConfigMap with the label `role=primary`. It prints what
// bench/live/src/reconciles.rs does.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/go-logr/logr"
)

const concurrency = 8

type reconciles struct {
	sync.Mutex
	client  client.Client
	objects int
	seen    map[string]bool
	runs    int
	delays  []int64
	wall    time.Time
	cpu     float64
	done    chan struct{}

	reportFirst sync.Once
}

func main() {
	log.SetLogger(logr.Discard())
	objects, err := strconv.Atoi(os.Args[2])
	check(err)
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	check(err)
	// Not limited, as the others are not.
	config.QPS = -1
	// controller-runtime would write objects of built-in types as protobuf, which the server does not read.
	config.ContentType = "application/json"
	selected := func(role string) cache.ByObject {
		return cache.ByObject{Label: labels.SelectorFromSet(labels.Set{"role": role})}
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Metrics: server.Options{BindAddress: "0"},
		Cache: cache.Options{ByObject: map[client.Object]cache.ByObject{
			&corev1.ConfigMap{}: selected("primary"),
			&corev1.Secret{}:    selected("owned"),
		}},
	})
	check(err)
	r := &reconciles{client: manager.GetClient(), objects: objects, seen: map[string]bool{}, wall: time.Now(), cpu: cpuSeconds(), done: make(chan struct{})}
	check(ctrl.NewControllerManagedBy(manager).
		For(&corev1.ConfigMap{}).
		Owns(&corev1.Secret{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency}).
		Complete(r))
	go func() {
		<-r.done
		r.print()
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			r.print()
		}
		os.Exit(0)
	}()
	check(manager.Start(context.Background()))
}

func (r *reconciles) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var owner corev1.ConfigMap
	if err := r.client.Get(ctx, request.NamespacedName, &owner); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if stamp, err := strconv.ParseInt(owner.Data["stamp"], 10, 64); err == nil {
		r.Lock()
		r.delays = append(r.delays, time.Now().UnixNano()-stamp)
		r.Unlock()
	}
	secret := corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: owner.Name, Namespace: owner.Namespace}}
	_, err := controllerutil.CreateOrUpdate(ctx, r.client, &secret, func() error {
		secret.Labels = map[string]string{"role": "owned"}
		secret.Data = map[string][]byte{"of": []byte(owner.Name)}
		return controllerutil.SetControllerReference(&owner, &secret, r.client.Scheme())
	})
	if err != nil {
		// The logger is off: a server that refuses every write would look like a controller that does nothing.
		r.reportFirst.Do(func() { fmt.Fprintln(os.Stderr, "controller-runtime, first error of a run:", err) })
		return ctrl.Result{}, err
	}
	r.Lock()
	defer r.Unlock()
	r.runs++
	if len(r.seen) < r.objects && !r.seen[owner.Name] {
		r.seen[owner.Name] = true
		if len(r.seen) == r.objects {
			close(r.done)
		}
	}
	return ctrl.Result{}, nil
}

func (r *reconciles) print() {
	r.Lock()
	defer r.Unlock()
	wall, cpu := time.Since(r.wall).Seconds(), cpuSeconds()-r.cpu
	runtime.GC()
	slices.Sort(r.delays)
	at := func(share float64) any {
		if len(r.delays) == 0 {
			return nil
		}
		return r.delays[min(int(float64(len(r.delays))*share), len(r.delays)-1)]
	}
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"wall": wall, "cpu": cpu, "runs": r.runs, "resident": resident(),
		"delays": len(r.delays), "p50": at(0.5), "p99": at(0.99),
	}))
	r.wall, r.cpu, r.runs, r.delays = time.Now(), cpuSeconds(), 0, nil
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	seconds := func(time syscall.Timeval) float64 { return float64(time.Sec) + float64(time.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}

func resident() int {
	status, err := os.ReadFile("/proc/self/status")
	check(err)
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
			check(err)
			return kilobytes * 1024
		}
	}
	return 0
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
