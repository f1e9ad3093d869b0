package main

import (
	"io"
	"reflect"
	"unsafe"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/rollout"
	log "github.com/sirupsen/logrus"
	appsv1 "k8s.io/api/apps/v1"
)

// Two rules of the traffic weights are methods of a type that the package keeps to itself, and read four of its fields. They are
// called by name, on memory laid out as that type is: its first field is also the first of rollout.Controller, which
// tells its size; then come pointers.

//go:linkname calculateDesiredWeightOnAbortOrStableRollback github.com/argoproj/argo-rollouts/rollout.(*rolloutContext).calculateDesiredWeightOnAbortOrStableRollback
func calculateDesiredWeightOnAbortOrStableRollback(context unsafe.Pointer) int32

//go:linkname checkReplicasAvailable github.com/argoproj/argo-rollouts/rollout.(*rolloutContext).checkReplicasAvailable
func checkReplicasAvailable(context unsafe.Pointer, rs *appsv1.ReplicaSet, desiredWeight int32) bool

// following are the fields of rolloutContext behind its first.
type following struct {
	log             *log.Entry
	rollout         *v1alpha1.Rollout
	newRollout      *v1alpha1.Rollout
	newRS, stableRS *appsv1.ReplicaSet
	room            [1 << 13]byte
}

// first is larger than the first field can be.
const first = 1 << 12

type memory struct {
	pointers [first / 8]uintptr
	rest     following
}

var base = func() uintptr {
	field, ok := reflect.TypeOf(rollout.Controller{}).FieldByName("reconcilerBase")
	if !ok || field.Type.Size() > first || field.Type.Size()%8 != 0 {
		panic("rollout.Controller is laid out otherwise")
	}
	return field.Type.Size()
}()

// context lays a rolloutContext out so that its second field falls on rest.
func context(ro *v1alpha1.Rollout, newRS, stableRS *appsv1.ReplicaSet) unsafe.Pointer {
	quiet := log.New()
	quiet.SetOutput(io.Discard)
	m := &memory{rest: following{log: log.NewEntry(quiet), rollout: ro, newRollout: ro, newRS: newRS, stableRS: stableRS}}
	return unsafe.Add(unsafe.Pointer(&m.rest), -int(base))
}

func weightOnAbort(ro *v1alpha1.Rollout, newRS, stableRS *appsv1.ReplicaSet) int32 {
	return calculateDesiredWeightOnAbortOrStableRollback(context(ro, newRS, stableRS))
}

func stableCanCarry(ro *v1alpha1.Rollout, stableRS *appsv1.ReplicaSet, weight int32) bool {
	return checkReplicasAvailable(context(ro, nil, stableRS), stableRS, weight)
}
