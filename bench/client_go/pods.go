package main

import (
	"strconv"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// informerCount is how many share a client in the job "informers".
const informerCount = 100

// stalledFor is how long no event is taken in the job "stalled".
const stalledFor = 5 * time.Second

func watchPods(job, server, events string, rests time.Duration) {
	expected, err := strconv.ParseInt(events, 10, 64)
	must(err)
	p := startPhases(server)
	// Without the limit that client-go has by default, which would be what is measured with many informers.
	clients, err := kubernetes.NewForConfig(&rest.Config{Host: "http://" + server, QPS: -1})
	must(err)
	stop := make(chan struct{})
	namespaces := []string{""}
	if job == "informers" {
		namespaces = namespaces[:0]
		for set := range informerCount {
			namespaces = append(namespaces, strconv.Itoa(set))
		}
	}
	var seen atomic.Int64
	done := make(chan struct{})
	handler := cache.ResourceEventHandlerFuncs{UpdateFunc: func(_, changed any) {
		if changed.(*corev1.Pod).Name == "" {
			panic("a pod without a name")
		}
		if job == "stalled" {
			<-stop
		}
		if seen.Add(1) == expected {
			close(done)
		}
	}}
	synced := make([]cache.InformerSynced, 0, len(namespaces))
	for _, namespace := range namespaces {
		factory := informers.NewSharedInformerFactoryWithOptions(clients, 0, informers.WithNamespace(namespace))
		informer := factory.Core().V1().Pods().Informer()
		registered, err := informer.AddEventHandler(handler)
		must(err)
		synced = append(synced, registered.HasSynced)
		factory.Start(stop)
	}
	if !cache.WaitForCacheSync(stop, synced...) {
		panic("the informers have stopped")
	}
	p.synced()
	if job == "stalled" {
		time.Sleep(stalledFor)
	} else {
		<-done
	}
	p.finished(rests)
	p.print()
	close(stop)
}
