package plugin

import (
	"time"

	"weir/sdk/abi"
)

// ready admits one call of state_*: within quota, and of an instance that is configured.
func (i *instance) ready(function string) bool {
	i.charge(fuelState)
	i.quota.state++
	if i.grant.state == nil || i.phase != serving || i.quota.state > abi.StateCalls {
		i.refuse(refusedState, function)
		return false
	}
	i.stateful()
	return true
}

// key is a key of 1 to abi.MaxStateKey bytes.
func (i *instance) key(ptr, n uint64) ([]byte, bool) {
	key, ok := i.view(ptr, n, abi.MaxStateKey)
	return key, ok && len(key) > 0
}

// ttl is how long something is kept: 0 says as long as may be.
func ttl(ms uint64) (time.Duration, bool) {
	switch v := int64(ms); {
	case v < 0 || v > abi.MaxTTL:
		return 0, false
	case v == 0:
		return abi.MaxTTL * time.Millisecond, true
	default:
		return time.Duration(v) * time.Millisecond, true
	}
}

// hostStateAdd: (key, key_len, delta i64, ttl_ms i64) → i64.
func hostStateAdd(i *instance, stack []uint64) {
	failed := int64(abi.CounterFailed)
	answer := uint64(failed)
	if i.ready("state_add") {
		key, ok := i.key(stack[0], stack[1])
		keep, fits := ttl(stack[3])
		if ok && fits {
			answer = uint64(i.grant.state.Add(key, int64(stack[2]), keep))
		} else {
			i.refuse(refusedState, "state_add")
		}
	}
	stack[0] = answer
}

// hostStateGet: (key, key_len, out, cap) → i32, the value's length. It writes the value where it fits whole.
func hostStateGet(i *instance, stack []uint64) {
	answer := refused
	if i.ready("state_get") {
		key, ok := i.key(stack[0], stack[1])
		out, fits := i.mem.Read(uint32(stack[2]), uint32(stack[3]))
		if ok && fits {
			answer = i32(i.get(key, out))
		} else {
			i.refuse(refusedState, "state_get")
		}
	}
	stack[0] = answer
}

func (i *instance) get(key, out []byte) int32 {
	// By way of a buffer: a value that does not fit must not be there in part, and key and out may overlap.
	if i.value == nil {
		i.value = make([]byte, abi.MaxStateData)
	}
	n, ok := i.grant.state.Get(key, i.value)
	if !ok {
		return abi.StateMissing
	}
	if n <= len(out) && n <= len(i.value) {
		copy(out, i.value[:n])
	}
	return int32(n)
}

// hostStateSet: (key, key_len, value, value_len, ttl_ms i64) → i32, 0 when it is kept.
func hostStateSet(i *instance, stack []uint64) {
	answer := refused
	if i.ready("state_set") {
		key, ok := i.key(stack[0], stack[1])
		value, fits := i.view(stack[2], stack[3], abi.MaxStateData)
		keep, right := ttl(stack[4])
		if ok && fits && right && i.grant.state.Set(key, value, keep) {
			answer = 0
		} else {
			i.refuse(refusedState, "state_set")
		}
	}
	stack[0] = answer
}

// hostStateOnce: (key, key_len, ttl_ms i64) → i32, 1 for the first caller.
func hostStateOnce(i *instance, stack []uint64) {
	answer := refused
	if i.ready("state_once") {
		key, ok := i.key(stack[0], stack[1])
		keep, right := ttl(stack[2])
		switch {
		case !ok || !right:
			i.refuse(refusedState, "state_once")
		case i.grant.state.Once(key, keep):
			answer = 1
		default:
			answer = 0
		}
	}
	stack[0] = answer
}
