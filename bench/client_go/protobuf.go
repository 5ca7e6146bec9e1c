package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	serializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// warmRounds is how often a list is decoded again.
const warmRounds = 3

// decodeList decodes a list of pods from JSON, and the same from protobuf, as client-go does.
func decodeList(file string) {
	text, err := os.ReadFile(file)
	must(err)
	fromJSON := serializer.NewSerializerWithOptions(serializer.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, serializer.SerializerOptions{})
	fromProtobuf := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme)
	var list corev1.PodList
	_, _, err = fromJSON.Decode(text, nil, &list)
	must(err)
	encoded, err := runtime.Encode(fromProtobuf, &list)
	must(err)
	list = corev1.PodList{}
	report, err := json.Marshal(map[string]any{
		"json":     timedDecoding(fromJSON, text),
		"protobuf": timedDecoding(fromProtobuf, encoded),
	})
	must(err)
	fmt.Println(string(report))
}

func timedDecoding(decoder runtime.Decoder, text []byte) map[string]any {
	seconds := func() float64 {
		var list corev1.PodList
		cpu := cpuSeconds()
		_, _, err := decoder.Decode(text, nil, &list)
		must(err)
		used := cpuSeconds() - cpu
		if len(list.Items) == 0 {
			panic("the list is empty")
		}
		return used
	}
	first := seconds()
	warm := make([]float64, warmRounds)
	for round := range warm {
		warm[round] = seconds()
	}
	return map[string]any{"bytes": len(text), "first": first, "warm": warm}
}

// follow keeps the pods of a namespace in an informer: the first list, and as many changes as there are pods. It prints a
// line for each of the two phases when it has ended.
func follow(format, kubeconfig, namespace, countText string) {
	count, err := strconv.ParseInt(countText, 10, 64)
	must(err)
	start, cpu := time.Now(), cpuSeconds()
	tell := func(phase string) {
		wall, used := time.Since(start).Seconds(), cpuSeconds()-cpu
		line, err := json.Marshal(map[string]any{"phase": phase, "wall": wall, "cpu": used})
		must(err)
		fmt.Println(string(line))
		start, cpu = time.Now(), cpuSeconds()
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	must(err)
	config.QPS = -1
	// Left alone, clients ask for either, and get protobuf.
	config.ContentType = "application/json"
	if format == "protobuf" {
		config.ContentType = runtime.ContentTypeProtobuf
	}
	config.AcceptContentTypes = config.ContentType
	clients, err := kubernetes.NewForConfig(config)
	must(err)
	stop := make(chan struct{})
	done := make(chan struct{})
	var seen atomic.Int64
	factory := informers.NewSharedInformerFactoryWithOptions(clients, 0, informers.WithNamespace(namespace))
	informer := factory.Core().V1().Pods().Informer()
	registered, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{UpdateFunc: func(_, _ any) {
		if seen.Add(1) == count {
			close(done)
		}
	}})
	must(err)
	factory.Start(stop)
	if !cache.WaitForCacheSync(stop, registered.HasSynced) {
		panic("the informer has stopped")
	}
	if length := len(informer.GetStore().ListKeys()); int64(length) < count {
		panic(fmt.Sprintf("%d of %d pods are there", length, count))
	}
	tell("sync")
	<-done
	tell("changes")
	close(stop)
}
