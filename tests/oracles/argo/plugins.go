package main

import (
	"encoding/json"
	"errors"
	"net"
	"reflect"
	"time"
	"unsafe"

	goplugin "github.com/hashicorp/go-plugin"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sfake "k8s.io/client-go/kubernetes/fake"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	stepclient "github.com/argoproj/argo-rollouts/rollout/steps/plugin/client"
	steprpc "github.com/argoproj/argo-rollouts/rollout/steps/plugin/rpc"
	routerclient "github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/client"
	routerrpc "github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/rpc"
	"github.com/argoproj/argo-rollouts/utils/config"
	"github.com/argoproj/argo-rollouts/utils/defaults"
	"github.com/argoproj/argo-rollouts/utils/plugin/types"
)

// The plugins that scenarios may name; they live in this process, behind the controller's own clients.
const (
	routerPlugin       = "argoproj-labs/gatewayAPI"
	stepPlugin         = "oracle/step"
	disabledStepPlugin = "oracle/disabled"
)

//go:linkname routerClients github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/client.pluginClients
var routerClients *struct {
	process map[string]*goplugin.Client
	rpc     map[string]goplugin.ClientProtocol
	plugin  map[string]routerrpc.TrafficRouterPlugin
}

//go:linkname stepClients github.com/argoproj/argo-rollouts/rollout/steps/plugin/client.pluginClients
var stepClients *struct {
	process map[string]*goplugin.Client
	plugin  map[string]steprpc.StepPlugin
}

// usePlugins puts our plugins where the controller keeps those whose processes it has started.
func usePlugins() {
	items := "- {name: " + stepPlugin + ", location: 'file:///nowhere'}\n- {name: " + disabledStepPlugin + ", location: 'file:///nowhere', disabled: true}\n"
	settings := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "settings", Namespace: defaults.Namespace()}, Data: map[string]string{"stepPlugins": items}}
	if _, err := config.InitializeConfig(k8sfake.NewSimpleClientset(settings), "settings"); err != nil {
		fail("config: %v", err)
	}
	// The first call makes the maps; there is no plugin of that name.
	_, _ = routerclient.GetTrafficPlugin("none/none")
	_, _ = stepclient.GetPlugin("none/none")
	routerClients.process[routerPlugin] = &goplugin.Client{}
	routerClients.rpc[routerPlugin] = connection{}
	routerClients.plugin[routerPlugin] = router{}
	stepClients.process[stepPlugin] = started()
	stepClients.plugin[stepPlugin] = step{}
}

// started is a client that believes its process to run.
func started() *goplugin.Client {
	client := &goplugin.Client{}
	set := func(name string, v any) {
		field := reflect.ValueOf(client).Elem().FieldByName(name)
		reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem().Set(reflect.ValueOf(v))
	}
	set("address", net.Addr(&net.UnixAddr{}))
	set("client", goplugin.ClientProtocol(connection{}))
	return client
}

// connection is always there.
type connection struct{}

func (connection) Close() error                 { return nil }
func (connection) Ping() error                  { return nil }
func (connection) Dispense(string) (any, error) { return nil, errors.New("nothing to dispense") }

// router takes everything and says that each weight is in force, as the Gateway API's does.
type router struct{}

var fine types.RpcError

func (router) InitPlugin() types.RpcError { return fine }
func (router) UpdateHash(*v1alpha1.Rollout, string, string, []v1alpha1.WeightDestination) types.RpcError {
	return fine
}
func (router) SetWeight(*v1alpha1.Rollout, int32, []v1alpha1.WeightDestination) types.RpcError {
	return fine
}
func (router) SetHeaderRoute(*v1alpha1.Rollout, *v1alpha1.SetHeaderRoute) types.RpcError {
	return fine
}
func (router) SetMirrorRoute(*v1alpha1.Rollout, *v1alpha1.SetMirrorRoute) types.RpcError {
	return fine
}
func (router) VerifyWeight(*v1alpha1.Rollout, int32, []v1alpha1.WeightDestination) (types.RpcVerified, types.RpcError) {
	return types.Verified, fine
}
func (router) RemoveManagedRoutes(*v1alpha1.Rollout) types.RpcError { return fine }
func (router) Type() string                                         { return "router" }

// stepScript is the "config" of a step of our plugin: what each call of Run answers, the last one again and again, and
// what Abort and Terminate answer.
type stepScript struct {
	Run       []stepAnswer `json:"run"`
	Abort     stepAnswer   `json:"abort"`
	Terminate stepAnswer   `json:"terminate"`
}

type stepAnswer struct {
	Phase        string `json:"phase,omitempty"`
	Message      string `json:"message,omitempty"`
	RequeueAfter int64  `json:"requeueAfter,omitempty"`
	Error        string `json:"error,omitempty"` // of the call itself
}

func (a stepAnswer) result() (types.RpcStepResult, types.RpcError) {
	if a.Error != "" {
		return types.RpcStepResult{}, types.RpcError{ErrorString: a.Error}
	}
	return types.RpcStepResult{Phase: types.StepPhase(a.Phase), Message: a.Message, RequeueAfter: time.Duration(a.RequeueAfter) * time.Second}, fine
}

type step struct{}

func scriptOf(c *types.RpcStepContext) (script stepScript) {
	_ = json.Unmarshal(c.Config, &script)
	return script
}

func (step) InitPlugin() types.RpcError { return fine }
func (step) Type() string               { return "step" }

func (step) Run(ro *v1alpha1.Rollout, c *types.RpcStepContext) (types.RpcStepResult, types.RpcError) {
	script := scriptOf(c)
	if len(script.Run) == 0 {
		return stepAnswer{Phase: "Successful"}.result()
	}
	calls := 0
	for _, s := range ro.Status.Canary.StepPluginStatuses {
		if s.Index == *ro.Status.CurrentStepIndex && s.Operation == v1alpha1.StepPluginOperationRun {
			calls = int(s.Executions)
		}
	}
	return script.Run[min(calls, len(script.Run)-1)].result()
}

func (step) Abort(_ *v1alpha1.Rollout, c *types.RpcStepContext) (types.RpcStepResult, types.RpcError) {
	return scriptOf(c).Abort.result()
}

func (step) Terminate(_ *v1alpha1.Rollout, c *types.RpcStepContext) (types.RpcStepResult, types.RpcError) {
	return scriptOf(c).Terminate.result()
}
