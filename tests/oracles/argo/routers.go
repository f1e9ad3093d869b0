package main

import "fmt"

// routing puts other routers in Istio's place or beside it, and sometimes another total weight.
func (g *generator) routing(canary object) {
	routing := canary["trafficRouting"].(object)
	if canary["canaryService"] == nil {
		canary["canaryService"], canary["stableService"] = g.service("demo-canary"), g.service("demo-stable")
	}
	if g.chance(0.75) {
		delete(routing, "istio")
	}
	if g.chance(0.6) {
		nginx := object{}
		if g.chance(0.75) {
			nginx["stableIngress"] = g.ingress("demo")
		} else {
			nginx["stableIngresses"] = []any{g.ingress("demo"), g.ingress("other")}
		}
		routing["nginx"] = nginx
	}
	if routing["nginx"] == nil && (routing["istio"] == nil || g.chance(0.7)) || g.chance(0.15) {
		routing["plugins"] = object{routerPlugin: object{"httpRoute": "demo"}}
	}
	if routing["plugins"] == nil && routing["nginx"] != nil && g.chance(0.6) {
		g.max = choose(g, 1000, 10, 7, 50, g.between(1, 300))
		routing["maxTrafficWeight"] = g.max
	}
}

func (g *generator) ingress(name string) string {
	spec := object{"rules": []any{object{"host": name + ".example", "http": object{"paths": []any{object{"path": "/", "pathType": "Prefix",
		"backend": object{"service": object{"name": "demo-stable", "port": object{"number": int64(80)}}}}}}}}}
	if g.chance(0.8) {
		spec["ingressClassName"] = "nginx"
	}
	g.objects = append(g.objects, object{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": object{"name": name}, "spec": spec})
	return name
}

// pluginSteps adds steps of a scripted plugin.
func (g *generator) pluginSteps(steps []any) []any {
	if !g.chance(0.45) {
		return steps
	}
	for range g.between(1, 3) {
		at := g.rng.IntN(len(steps) + 1)
		steps = append(steps[:at:at], append([]any{object{"plugin": g.pluginStep()}}, steps[at:]...)...)
	}
	return steps
}

func (g *generator) pluginStep() object {
	name := stepPlugin
	if g.chance(0.08) {
		name = disabledStepPlugin
	}
	run := []any{}
	for range g.between(0, 4) {
		answer := object{"phase": "Running"}
		if g.chance(0.5) {
			answer["requeueAfter"] = g.between(1, 60)
		}
		if g.chance(0.4) {
			answer["message"] = fmt.Sprintf("%d of ten", g.between(1, 9))
		}
		if g.chance(0.2) {
			answer = choose(g, object{"phase": "Error", "message": "not now"}, object{"error": "connection lost"})
		}
		run = append(run, answer)
		g.expected += 40
	}
	run = append(run, choose(g, object{"phase": "Successful"}, object{"phase": "Successful", "message": "done"}, object{}, object{"phase": "Successful"},
		object{"phase": "Failed", "message": "no way"}, object{"phase": "Failed"}))
	config := object{"run": run}
	for _, operation := range []string{"abort", "terminate"} {
		if g.chance(0.2) {
			config[operation] = choose(g, object{"phase": "Running"}, object{"phase": "Failed", "message": "stuck"}, object{"error": "gone"}, object{"message": "undone"})
		}
	}
	return object{"name": name, "config": config}
}
