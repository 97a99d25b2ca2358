namespace Seedance.Onnx.Sampling;

/// <summary>
/// The sampler loop on the host: runs any <see cref="SolverPlan"/> over latents in ordinary memory. All buffers are made once, so a
/// step allocates nothing. Not safe for several threads at once.
/// </summary>
/// <remarks>The reference that graphs which do the same on a device are compared with; pipelines run those.</remarks>
public sealed class Sampler
{
    private readonly int _length;
    private readonly float[] _velocities;
    private readonly float[] _noise;
    private float[] _states;
    private float[] _next;

    /// <summary>Makes a sampler and its buffers: (2 K + G + 1) · n values at most.</summary>
    /// <param name="plan">The solver's plan.</param>
    /// <param name="length">n: values of the latents, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is below 1 or too long for one array of K tensors.</exception>
    public Sampler(SolverPlan plan, int length)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Array.MaxLength / Math.Max(plan.Keep, plan.Branches));
        Plan = plan;
        _length = length;
        _states = new float[plan.Keep * length];
        _next = new float[plan.Keep * length];
        _velocities = new float[plan.Branches * length];
        _noise = plan.Steps.Any(step => step.UsesNoise) ? new float[length] : [];
    }

    /// <summary>What is run.</summary>
    public SolverPlan Plan { get; }

    /// <summary>How many steps are done.</summary>
    public int Done { get; private set; }

    /// <summary>Whether every step is done and <see cref="Latents"/> is the result.</summary>
    public bool IsDone => Done == Plan.Steps.Length;

    /// <summary>The step that comes next.</summary>
    /// <exception cref="InvalidOperationException">Every step is done.</exception>
    public SolverStep Current => IsDone
        ? throw new InvalidOperationException("There is no step left. Call Start to run the plan again.")
        : Plan.Steps[Done];

    /// <summary>[n] float32: the latents at the noise level of the next step; the result after the last.</summary>
    public ReadOnlySpan<float> Latents => _states.AsSpan(0, _length);

    /// <summary>[n] float32: where fresh noise for the next step goes; empty when no step of the plan uses any.</summary>
    public Span<float> Noise => _noise;

    /// <summary>[n] float32: where the velocity of a branch at the next step goes.</summary>
    /// <param name="row">The branch by its place in <see cref="SolverStep.Rows"/> of <see cref="Current"/>, from 0.</param>
    /// <returns>A view of the sampler's own buffer.</returns>
    public Span<float> Velocity(int row) => _velocities.AsSpan(row * _length, _length);

    /// <summary>Begins a run.</summary>
    /// <param name="noise">[n] float32: the latents at the first noise level.</param>
    /// <exception cref="ArgumentException"><paramref name="noise"/> has another length.</exception>
    public void Start(ReadOnlySpan<float> noise)
    {
        if (noise.Length != _length)
        {
            throw new ArgumentException($"Length of noise must be {_length}, but is {noise.Length}.", nameof(noise));
        }

        _states.AsSpan().Clear();
        noise.CopyTo(_states);
        Done = 0;
    }

    /// <summary>Does the next step with the velocities and the noise that were written.</summary>
    /// <exception cref="InvalidOperationException">Every step is done.</exception>
    public void Advance()
    {
        Span<float> velocities = _velocities.AsSpan(0, Current.Branches * _length);
        GuidanceRescale.Apply(Current, velocities);
        Current.Apply(_states, velocities, _noise, _next);
        (_states, _next) = (_next, _states);
        Done++;
    }

    /// <summary>
    /// What the latents of the last step would come to: m = x − σ v, at the step that <see cref="Advance"/> has just done and with its guidance. A look at the clip
    /// while it is being made.
    /// </summary>
    /// <param name="destination">[n] float32: where the prediction goes; clean latents at the end.</param>
    /// <exception cref="InvalidOperationException">No step was done yet.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    public void PredictClean(Span<float> destination)
    {
        if (Done == 0)
        {
            throw new InvalidOperationException("A step must be done before there is a prediction. Call Advance first.");
        }

        if (destination.Length != _length)
        {
            throw new ArgumentException($"Length of destination must be {_length}, but is {destination.Length}.", nameof(destination));
        }

        // The buffers were swapped: what the step began with lies where the next state will go.
        Plan.Steps[Done - 1].PredictClean(_next, _states, _noise, destination);
    }

    /// <summary>Runs a plan from noise to the result in one call; for plans without fresh noise.</summary>
    /// <param name="plan">The solver's plan.</param>
    /// <param name="noise">[n] float32: the latents at the first noise level.</param>
    /// <param name="velocity">Writes the velocity of a branch.</param>
    /// <returns>[n] float32: the latents at the last noise level.</returns>
    /// <exception cref="ArgumentException">The plan uses fresh noise.</exception>
    public static float[] Run(SolverPlan plan, ReadOnlySpan<float> noise, VelocityFunction velocity)
    {
        ArgumentNullException.ThrowIfNull(velocity);
        var sampler = new Sampler(plan, noise.Length);
        if (!sampler.Noise.IsEmpty)
        {
            throw new ArgumentException("The plan must not use fresh noise. Run it step by step and write the noise.", nameof(plan));
        }

        sampler.Start(noise);
        while (!sampler.IsDone)
        {
            foreach ((int row, int branch) in sampler.Current.Rows.Index())
            {
                velocity(sampler.Latents, sampler.Current, branch, sampler.Velocity(row));
            }

            sampler.Advance();
        }

        return sampler.Latents.ToArray();
    }
}
