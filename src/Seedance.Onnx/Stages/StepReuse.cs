using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Stages;

/// <summary>Does steps on the host with the velocity that the solver kept, where that will do: no run of the transformer, but a copy of the state from the device and back.</summary>
/// <param name="limit">How much of itself the velocity may have turned, see <see cref="VelocityTurn"/>.</param>
/// <param name="shape">The state's, [K, C, f, h, w]; the velocity is its last tensor.</param>
internal sealed class StepReuse(double limit, long[] shape) : IDisposable
{
    private readonly HostTensor _state = HostTensor.Allocate(ElementType.Float32, shape), _next = HostTensor.Allocate(ElementType.Float32, shape);
    private readonly VelocityTurn _turn = new(checked((int)(shape.Aggregate(1L, (product, length) => product * length) / shape[0])));

    /// <summary>Steps that were done without a run.</summary>
    public int Skipped { get; private set; }

    /// <summary>Does a step if the velocity that was kept will do for it.</summary>
    /// <param name="step">The step.</param>
    /// <param name="from">The state before.</param>
    /// <param name="to">Where the state after goes.</param>
    /// <returns>Whether it was done; if not, it must be run.</returns>
    public bool TryAdvance(SolverStep step, DeviceTensor from, DeviceTensor to)
    {
        if (!(_turn.Expect(step) <= limit))
        {
            return false;
        }

        from.CopyTo(_state);
        step.Reusing().Apply(_state.AsSpan<float>(), [], [], _next.AsSpan<float>());
        to.CopyFrom(_next);
        Skipped++;
        return true;
    }

    /// <summary>Keeps the velocity of a step that was run.</summary>
    /// <param name="step">The step.</param>
    /// <param name="state">The state after it.</param>
    /// <param name="isLast">Whether another transformer follows, which knows nothing of it.</param>
    public void Keep(SolverStep step, DeviceTensor state, bool isLast)
    {
        if (isLast)
        {
            _turn.Forget();
            return;
        }

        state.CopyTo(_state);
        ReadOnlySpan<float> values = _state.AsSpan<float>();
        _turn.Keep(step, values[(values.Length - (values.Length / (int)shape[0]))..]);
    }

    public void Dispose()
    {
        _state.Dispose();
        _next.Dispose();
    }
}
