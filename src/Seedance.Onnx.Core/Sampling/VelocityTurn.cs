namespace Seedance.Onnx.Sampling;

/// <summary>
/// How fast the velocity turns: between two runs of the transformer by a share of itself, which is taken to go on growing evenly with the distance of the noise levels (after Zhou et al., "Less is enough:
/// training-free video diffusion acceleration via runtime-adaptive caching", 2025, which takes the distance of the latents). A step may reuse a velocity that has hardly turned, and steps may be wide where it
/// turns slowly. All buffers are made once. Not safe for several threads at once.
/// </summary>
/// <param name="length">n: values of the latents.</param>
public sealed class VelocityTurn(int length)
{
    private readonly float[] _velocity = new float[length];
    private SolverStep? _last;
    private double? _turned;

    /// <summary>By which share of itself the velocity that was kept last is expected to have turned at a step.</summary>
    /// <param name="step">The step.</param>
    /// <returns>‖v − v'‖ / ‖v‖, from 0; infinite until two were kept, and where other branches count, or count otherwise, than in the step that the last was kept for.</returns>
    public double Expect(SolverStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return _last is not null && _turned is { } turned && IsGuidedAlike(_last, step) ? turned * Math.Abs(_last.Sigma - step.Sigma) : double.PositiveInfinity;
    }

    /// <summary>Keeps the velocity that a step was done with.</summary>
    /// <param name="step">The step.</param>
    /// <param name="velocity">[n] float32: its guided velocity.</param>
    /// <exception cref="ArgumentException"><paramref name="velocity"/> has another length.</exception>
    public void Keep(SolverStep step, ReadOnlySpan<float> velocity)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (velocity.Length != _velocity.Length)
        {
            throw new ArgumentException($"Length of velocity must be {_velocity.Length}, but is {velocity.Length}.", nameof(velocity));
        }

        // Two evaluations at one noise level (Heun's) say nothing of how the velocity turns with it.
        if (_last is not null && _last.Sigma != step.Sigma)
        {
            _turned = IsGuidedAlike(_last, step) ? ShareOfChange(velocity) / Math.Abs(_last.Sigma - step.Sigma) : null;
        }

        velocity.CopyTo(_velocity);
        _last = step;
    }

    /// <summary>Forgets what was kept: another transformer follows.</summary>
    public void Forget()
    {
        _last = null;
        _turned = null;
    }

    private static bool IsGuidedAlike(SolverStep one, SolverStep other) =>
        one.Rescale == other.Rescale && one.Rows.AsSpan().SequenceEqual(other.Rows.AsSpan()) && one.Guidance.SequenceEqual(other.Guidance);

    /// <summary>‖v − v'‖ / ‖v‖.</summary>
    private double ShareOfChange(ReadOnlySpan<float> velocity)
    {
        double change = 0, size = 0;
        for (int i = 0; i < velocity.Length; i++)
        {
            double apart = velocity[i] - _velocity[i];
            change += apart * apart;
            size += (double)velocity[i] * velocity[i];
        }

        return Math.Sqrt(change / Math.Max(size, double.Epsilon));
    }
}
