// Command bench-controller-runtime serves admission webhooks for pods with controller-runtime: one that adds a label, and
// one that looks at the name. Its arguments are the folder of the certificate and the port.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

type labeler struct{}

func (labeler) Default(_ context.Context, pod *corev1.Pod) error {
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	pod.Labels["team"] = "shop"
	return nil
}

type guard struct{}

func check(pod *corev1.Pod) (admission.Warnings, error) {
	if pod.Name == "" {
		return nil, fmt.Errorf("a pod needs a name")
	}
	return nil, nil
}

func (guard) ValidateCreate(_ context.Context, pod *corev1.Pod) (admission.Warnings, error) {
	return check(pod)
}

func (guard) ValidateUpdate(_ context.Context, _, pod *corev1.Pod) (admission.Warnings, error) {
	return check(pod)
}

func (guard) ValidateDelete(_ context.Context, pod *corev1.Pod) (admission.Warnings, error) {
	return check(pod)
}

func main() {
	port, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		panic(err)
	}
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, CertDir: os.Args[1]})
	server.Register("/mutate--v1-pod", admission.WithDefaulter(scheme, labeler{}))
	server.Register("/validate--v1-pod", admission.WithValidator(scheme, guard{}))
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := server.Start(ctx); err != nil {
		panic(err)
	}
}
