// Command arithmetic records what Argo Rollouts' own functions make of replicas, weights and availability.
//
// It prints one JSON line a case: what went in, and under "=" what came out, in the order of outputs below.
// Everything is called as it stands in the module that go.mod names; nothing is computed here.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"os"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/replicaset"
	"github.com/argoproj/argo-rollouts/utils/weightutil"
	log "github.com/sirupsen/logrus"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// set is a ReplicaSet: spec.replicas, status.replicas, status.availableReplicas.
type set [3]int32

// step is one of: weight, canary scale by replicas or by weight, matchTrafficWeight, or none of these (a pause).
type step struct {
	Weight   *int32 `json:"w,omitempty"`
	Replicas *int32 `json:"r,omitempty"`
	Scale    *int32 `json:"s,omitempty"`
	Match    bool   `json:"m,omitempty"`
}

// input is one case. The new ReplicaSet has hash "n", the stable one "t" (or "n" where it is the new one).
type input struct {
	Replicas    int32     `json:"r"`
	Surge       *string   `json:"s,omitempty"` // digits: pods; digits and %: a percentage
	Unavailable *string   `json:"u,omitempty"`
	New         set       `json:"n"`
	Stable      *set      `json:"t,omitempty"`
	Old         *set      `json:"o,omitempty"`
	Steps       []step    `json:"p,omitempty"`
	Index       int32     `json:"i"`
	Routed      bool      `json:"routed,omitempty"`
	Dynamic     bool      `json:"dynamic,omitempty"`
	Aborted     bool      `json:"aborted,omitempty"`
	Full        bool      `json:"full,omitempty"`     // promoteFull
	Promoted    bool      `json:"promoted,omitempty"` // stableRS is the new one
	Initial     bool      `json:"initial,omitempty"`  // no stableRS yet
	AbortDelay  *int32    `json:"delay,omitempty"`
	MinPods     *int32    `json:"min,omitempty"`
	Max         *int32    `json:"max,omitempty"` // maxTrafficWeight
	Threshold   *string   `json:"threshold,omitempty"`
	Weights     *[2]int32 `json:"weights,omitempty"` // recorded: canary, stable
	Outputs     [14]int64 `json:"="`
}

func replicaSet(hash string, counts *set) *appsv1.ReplicaSet {
	if counts == nil {
		return nil
	}
	spec := counts[0]
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name:   hash,
			Labels: map[string]string{v1alpha1.DefaultRolloutUniqueLabelKey: hash},
		},
		Spec:   appsv1.ReplicaSetSpec{Replicas: &spec},
		Status: appsv1.ReplicaSetStatus{Replicas: counts[1], AvailableReplicas: counts[2]},
	}
}

func amount(text *string) *intstr.IntOrString {
	if text == nil {
		return nil
	}
	value := intstr.Parse(*text)
	return &value
}

func threshold(text *string) *v1alpha1.ReplicaProgressThreshold {
	if text == nil {
		return nil
	}
	parsed := intstr.Parse(*text)
	if parsed.Type == intstr.Int {
		return &v1alpha1.ReplicaProgressThreshold{Type: v1alpha1.ProgressTypePods, Value: parsed.IntVal}
	}
	var value int32
	fmt.Sscanf(*text, "%d%%", &value)
	return &v1alpha1.ReplicaProgressThreshold{Type: v1alpha1.ProgressTypePercentage, Value: value}
}

func (in *input) rollout() *v1alpha1.Rollout {
	canary := &v1alpha1.CanaryStrategy{
		MaxSurge: amount(in.Surge), MaxUnavailable: amount(in.Unavailable),
		DynamicStableScale: in.Dynamic, MinPodsPerReplicaSet: in.MinPods,
		AbortScaleDownDelaySeconds: in.AbortDelay, ReplicaProgressThreshold: threshold(in.Threshold),
	}
	if in.Routed {
		canary.TrafficRouting = &v1alpha1.RolloutTrafficRouting{
			Istio: &v1alpha1.IstioTrafficRouting{}, MaxTrafficWeight: in.Max,
		}
	}
	for _, s := range in.Steps {
		var to v1alpha1.CanaryStep
		switch {
		case s.Weight != nil:
			to.SetWeight = s.Weight
		case s.Replicas != nil, s.Scale != nil, s.Match:
			to.SetCanaryScale = &v1alpha1.SetCanaryScale{Replicas: s.Replicas, Weight: s.Scale, MatchTrafficWeight: s.Match}
		default:
			to.Pause = &v1alpha1.RolloutPause{}
		}
		canary.Steps = append(canary.Steps, to)
	}
	ro := &v1alpha1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "r", Namespace: "n"}}
	ro.Spec.Replicas = &in.Replicas
	ro.Spec.Strategy.Canary = canary
	ro.Status.CurrentPodHash = "n"
	ro.Status.StableRS = "t"
	if in.Promoted {
		ro.Status.StableRS = "n"
	}
	if in.Initial {
		ro.Status.StableRS = ""
	}
	ro.Status.Abort = in.Aborted
	ro.Status.PromoteFull = in.Full
	if len(in.Steps) > 0 {
		index := in.Index
		ro.Status.CurrentStepIndex = &index
	}
	if in.Weights != nil {
		ro.Status.Canary.Weights = &v1alpha1.TrafficWeights{
			Canary: v1alpha1.WeightDestination{Weight: in.Weights[0], PodTemplateHash: "n"},
			Stable: v1alpha1.WeightDestination{Weight: in.Weights[1], PodTemplateHash: "t"},
		}
	}
	return ro
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// ask calls the functions.
func (in *input) ask() {
	ro := in.rollout()
	newRS := replicaSet("n", &in.New)
	stableRS := replicaSet("t", in.Stable)
	if in.Promoted {
		stableRS = newRS
	}
	if in.Initial {
		stableRS = nil
	}
	var old []*appsv1.ReplicaSet
	if in.Old != nil {
		old = append(old, replicaSet("o", in.Old))
	}
	weights := ro.Status.Canary.Weights
	out := &in.Outputs
	basicNew, basicStable := replicaset.CalculateReplicaCountsForBasicCanary(ro, newRS, stableRS, old)
	out[0], out[1] = int64(basicNew), int64(basicStable)
	n, t := replicaset.CalculateReplicaCountsForTrafficRoutedCanary(ro, newRS, stableRS, nil)
	out[2], out[3] = int64(n), int64(t)
	n, t = replicaset.CalculateReplicaCountsForTrafficRoutedCanary(ro, newRS, stableRS, weights)
	out[4], out[5] = int64(n), int64(t)
	out[6] = truth(replicaset.AtDesiredReplicaCountsForCanary(ro, newRS, stableRS, old, nil))
	out[7] = truth(replicaset.AtDesiredReplicaCountsForCanary(ro, newRS, stableRS, old, weights))
	out[8] = int64(replicaset.GetCurrentSetWeight(ro))
	out[9] = int64(replicaset.GetDesiredCanaryWeight(ro, newRS, stableRS))
	out[10] = int64(replicaset.MaxSurge(ro))
	out[11] = int64(replicaset.MaxUnavailable(ro))
	out[12] = int64(weightOnAbort(ro, newRS, stableRS))
	out[13] = truth(stableCanCarry(ro, stableRS, weightutil.MaxTrafficWeight(ro)-int32(out[8])))
}

func p[T any](value T) *T { return &value }

func maybe[T any](r *rand.Rand, share float64, make func() T) *T {
	if r.Float64() >= share {
		return nil
	}
	return p(make())
}

var weightsAsked = []int32{0, 1, 2, 5, 10, 20, 25, 30, 33, 40, 50, 60, 66, 75, 80, 90, 95, 99, 100}

func someAmount(r *rand.Rand) string {
	if r.Intn(2) == 0 {
		return fmt.Sprint(r.Intn(5))
	}
	return fmt.Sprintf("%d%%", []int{0, 1, 10, 20, 25, 33, 50, 75, 100}[r.Intn(9)])
}

func someSet(r *rand.Rand, replicas int32) set {
	spec := r.Int31n(replicas + 3)
	pods, available := spec, spec
	if r.Intn(3) == 0 {
		pods = r.Int31n(spec + 2)
	}
	if r.Intn(2) == 0 {
		available = r.Int31n(pods + 1)
	} else if available > pods {
		available = pods
	}
	return set{spec, pods, available}
}

func someStep(r *rand.Rand, replicas, max int32) step {
	switch r.Intn(8) {
	case 0:
		return step{}
	case 1:
		return step{Replicas: p(r.Int31n(replicas + 2))}
	case 2:
		return step{Scale: p(weightsAsked[r.Intn(len(weightsAsked))])}
	case 3:
		return step{Match: true}
	}
	return step{Weight: p(weightsAsked[r.Intn(len(weightsAsked))] * max / 100)}
}

// grid is every combination of few replicas, weights, surges and unavailabilities at the first step.
func grid(emit func(*input)) {
	for replicas := int32(0); replicas <= 12; replicas++ {
		for _, weight := range weightsAsked {
			for _, bounds := range [][2]string{{"0", "1"}, {"1", "0"}, {"25%", "25%"}, {"0", "50%"}, {"100%", "0"}, {"2", "2"}} {
				emit(&input{
					Replicas: replicas, Surge: p(bounds[0]), Unavailable: p(bounds[1]),
					New: set{}, Stable: &set{replicas, replicas, replicas}, Steps: []step{{Weight: p(weight)}},
				})
			}
		}
	}
}

func some(r *rand.Rand) *input {
	replicas := []int32{0, 1, 2, 3, 4, 5, 7, 10, 10, 13, 20, 50, 100}[r.Intn(13)]
	in := &input{Replicas: replicas, New: someSet(r, replicas)}
	in.Surge = maybe(r, 0.7, func() string { return someAmount(r) })
	in.Unavailable = maybe(r, 0.7, func() string { return someAmount(r) })
	in.Stable = maybe(r, 0.93, func() set { return someSet(r, replicas) })
	in.Old = maybe(r, 0.2, func() set { return someSet(r, replicas) })
	in.Routed = r.Intn(2) == 0
	max := int32(100)
	if in.Routed {
		in.Dynamic = r.Intn(2) == 0
		in.MinPods = maybe(r, 0.3, func() int32 { return r.Int31n(5) + 1 })
		in.AbortDelay = maybe(r, 0.3, func() int32 { return []int32{0, 30, 600}[r.Intn(3)] })
		if r.Intn(12) == 0 {
			max = []int32{1000, 10, 3}[r.Intn(3)]
			in.Max = &max
		}
	}
	in.Aborted = r.Intn(4) == 0
	in.Full = r.Intn(12) == 0
	in.Promoted = r.Intn(12) == 0
	in.Initial = !in.Promoted && r.Intn(12) == 0
	for range r.Intn(6) {
		in.Steps = append(in.Steps, someStep(r, replicas, max))
	}
	in.Index = r.Int31n(int32(len(in.Steps)) + 1)
	in.Threshold = maybe(r, 0.3, func() string {
		if r.Intn(2) == 0 {
			return fmt.Sprint(r.Intn(5))
		}
		return fmt.Sprintf("%d%%", []int{0, 10, 33, 50, 70, 90, 100}[r.Intn(7)])
	})
	in.Weights = maybe(r, 0.6, func() [2]int32 {
		canary := weightsAsked[r.Intn(len(weightsAsked))] * max / 100
		return [2]int32{canary, max - canary}
	})
	return in
}

func main() {
	seed := flag.Int64("seed", 1, "seed of the cases beyond the grid")
	count := flag.Int("count", 10_000, "how many cases beyond the grid")
	flag.Parse()
	log.SetOutput(io.Discard)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	lines := json.NewEncoder(out)
	emit := func(in *input) {
		in.ask()
		if err := lines.Encode(in); err != nil {
			panic(err)
		}
	}
	grid(emit)
	r := rand.New(rand.NewSource(*seed))
	for range *count {
		emit(some(r))
	}
}
