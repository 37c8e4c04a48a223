package policy

import "weir/sdk/abi"

// Action is the gravest thing the run's plugins did to the request or its answer; those in mode observe did nothing.
func (r *Run) Action() abi.Action {
	gravest := abi.ActionNone
	for i := range r.verdicts {
		if v := &r.verdicts[i]; !v.Observe && gravity(v.Action) > gravity(gravest) {
			gravest = v.Action
		}
	}
	return gravest
}
