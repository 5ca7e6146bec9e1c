package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// warmUp is how many requests are made before it counts.
const warmUp = 500

func makeRequests(ask, kubeconfig, inFlightText, countText string) {
	residentBefore := statusField("VmRSS:")
	inFlight, err := strconv.Atoi(inFlightText)
	must(err)
	count, err := strconv.Atoi(countText)
	must(err)
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	must(err)
	// Without the limit that client-go has by default, which would be what is measured.
	config.QPS = -1
	clients, err := kubernetes.NewForConfig(config)
	must(err)
	maps := clients.CoreV1().ConfigMaps("default")
	create(maps, 0)
	request := func(int) { read(maps) }
	if ask == "create" {
		request = func(number int) { create(maps, 1+number) }
	}
	// Connected, and before any load.
	resident := statusField("VmRSS:") - residentBefore
	for number := range warmUp {
		request(number)
	}
	start, cpu := time.Now(), cpuSeconds()
	times := make([]float64, count)
	var begun atomic.Int64
	var tasks sync.WaitGroup
	for range inFlight {
		tasks.Go(func() {
			for {
				number := int(begun.Add(1)) - 1
				if number >= count {
					return
				}
				start := time.Now()
				request(warmUp + number)
				times[number] = time.Since(start).Seconds()
			}
		})
	}
	tasks.Wait()
	wall, cpu := time.Since(start).Seconds(), cpuSeconds()-cpu
	sort.Float64s(times)
	at := func(share float64) float64 { return times[int(float64(count)*share)] }
	text, err := json.Marshal(map[string]float64{
		"count": float64(count), "wall": wall, "cpu": cpu, "p50": at(0.5), "p99": at(0.99),
		"resident": resident,
	})
	must(err)
	fmt.Println(string(text))
}

func read(maps typed.ConfigMapInterface) {
	object, err := maps.Get(context.Background(), name(0), metav1.GetOptions{})
	must(err)
	if len(object.Data) == 0 {
		panic("the object has no data")
	}
}

func create(maps typed.ConfigMapInterface, number int) {
	object := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name(number), Labels: map[string]string{"app": "bench"}},
		Data:       map[string]string{"color": "blue", "mode": "fast"},
	}
	_, err := maps.Create(context.Background(), object, metav1.CreateOptions{})
	must(err)
}

// name is one for an object that no other process uses.
func name(number int) string {
	return fmt.Sprintf("bench-%d-%d", os.Getpid(), number)
}
