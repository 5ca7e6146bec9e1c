// A candidate that uses client-go's leaderelection: it leads for a moment, again and again, and writes down when.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// Arguments: the server's URL, and the namespace and name of the Lease.
func main() {
	// The testing server has no protobuf.
	json := rest.ContentConfig{ContentType: "application/json"}
	client := kubernetes.NewForConfigOrDie(&rest.Config{Host: os.Args[1], Timeout: time.Second, QPS: -1, ContentConfig: json})
	for round := 0; ; round++ {
		release := round%5 != 4
		lead(client, os.Args[2], os.Args[3], release)
		// Longer than the other waits between attempts, and where nothing was released, until the Lease has ended.
		if release {
			time.Sleep(300 * time.Millisecond)
		} else {
			time.Sleep(3500 * time.Millisecond)
		}
	}
}

func lead(client kubernetes.Interface, namespace, name string, release bool) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: name},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: "client-go"},
		},
		LeaseDuration:   2 * time.Second,
		RenewDeadline:   1500 * time.Millisecond,
		RetryPeriod:     100 * time.Millisecond,
		ReleaseOnCancel: release,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				start := time.Now()
				select {
				case <-ctx.Done():
				case <-time.After(200 * time.Millisecond):
				}
				// Before the Lease is released.
				fmt.Printf("%d %d\n", start.UnixNano(), time.Now().UnixNano())
				cancel()
			},
			OnStoppedLeading: func() {},
		},
	})
}
