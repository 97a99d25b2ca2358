using System.Collections.Immutable;

namespace Seedance.Onnx.Sampling;

/// <summary>
/// The noise levels that a clip passes through, from noise (1) down to clean (0), and the timestep that the transformer is given at
/// each of them. Immutable.
/// </summary>
/// <remarks>
/// A flow model's latents at noise level σ are x_σ = (1 − σ) x0 + σ ε. The three spacings are those of diffusers' schedulers of the
/// same names (<see href="https://github.com/huggingface/diffusers/tree/main/src/diffusers/schedulers"/>), so that a seed and a step
/// count mean the same here as there.
/// </remarks>
public sealed class FlowSchedule
{
    private readonly ImmutableArray<double> _sigmas;
    private readonly ImmutableArray<double> _timesteps;

    private FlowSchedule(ImmutableArray<double> sigmas, ImmutableArray<double> timesteps)
    {
        _sigmas = sigmas;
        _timesteps = timesteps;
    }

    /// <summary>N: how many steps lead from the first noise level to the last.</summary>
    public int Steps => _timesteps.Length;

    /// <summary>The noise levels σ_0 > σ_1 > … > σ_N; one more than there are steps.</summary>
    public IReadOnlyList<double> Sigmas => _sigmas;

    /// <summary>The timesteps of σ_0 … σ_{N−1} as the transformer is given them: σ · train timesteps, cut to whole numbers by some spacings.</summary>
    public IReadOnlyList<double> Timesteps => _timesteps;

    /// <summary>Noise level σ_index.</summary>
    /// <param name="index">0 for the start … <see cref="Steps"/> for the end.</param>
    public double this[int index] => _sigmas[index];

    /// <summary>Moves a noise level towards noise: σ' = s σ / (1 + (s − 1) σ).</summary>
    /// <param name="sigma">σ, from 0 to 1.</param>
    /// <param name="shift">s, above 0; 1 changes nothing, larger values spend more steps at high noise.</param>
    /// <returns>σ', from 0 to 1.</returns>
    public static double Shift(double sigma, double shift) => shift * sigma / (1 + ((shift - 1) * sigma));

    /// <summary>
    /// The spacing of FlowMatchEulerDiscreteScheduler: even between 1 and the lowest level of training (shift applied to 1/T), every
    /// level then shifted (the lowest for the second time), and 0 at the end. Timesteps are not rounded.
    /// </summary>
    /// <param name="steps">N, at least 1.</param>
    /// <param name="shift">The flow shift, above 0; 1 if not specified.</param>
    /// <param name="trainTimesteps">T: timesteps of training, at least 1; 1000 if not specified.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public static FlowSchedule Shifted(int steps, double shift = 1, int trainTimesteps = 1000)
    {
        Check(steps, shift, trainTimesteps);
        double lowest = Shift(1.0 / trainTimesteps, shift);
        return Create(
            steps,
            step => Shift(steps == 1 ? 1 : 1 + ((lowest - 1) * step / (steps - 1)), shift),
            sigma => sigma * trainTimesteps);
    }

    /// <summary>
    /// The spacing of UniPCMultistepScheduler with flow sigmas: N levels evenly from 1 towards 1/T, which itself is left out, then
    /// shifted; a start of 1 becomes 1 − 1e-6, because the solver divides by 1 − σ; 0 at the end. Timesteps are cut to whole numbers.
    /// </summary>
    /// <inheritdoc cref="Shifted"/>
    public static FlowSchedule UniPC(int steps, double shift = 1, int trainTimesteps = 1000)
    {
        Check(steps, shift, trainTimesteps);
        return Create(
            steps,
            step => Math.Min(Shift(1 + (((1.0 / trainTimesteps) - 1) * step / steps), shift), LambdaSpace.HighestSigma),
            sigma => Math.Truncate(sigma * trainTimesteps));
    }

    /// <summary>
    /// The spacing of DPMSolverMultistepScheduler with flow sigmas: N levels evenly from 1 − 1/T towards 0, then shifted; 0 at the
    /// end. Timesteps are cut to whole numbers.
    /// </summary>
    /// <inheritdoc cref="Shifted"/>
    public static FlowSchedule DpmSolver(int steps, double shift = 1, int trainTimesteps = 1000)
    {
        Check(steps, shift, trainTimesteps);
        return Create(
            steps,
            step => Shift((1 - (1.0 / trainTimesteps)) * (steps - step) / steps, shift),
            sigma => Math.Truncate(sigma * trainTimesteps));
    }

    /// <summary>
    /// The spacing for few steps that diffusers calls trailing: N, N − 1 … 1 Nths, each shifted, and 0 at the end. Timesteps are not rounded.
    /// </summary>
    /// <inheritdoc cref="Shifted"/>
    public static FlowSchedule Trailing(int steps, double shift = 1, int trainTimesteps = 1000)
    {
        Check(steps, shift, trainTimesteps);
        return Create(steps, step => Shift((double)(steps - step) / steps, shift), sigma => sigma * trainTimesteps);
    }

    /// <summary>A schedule of given noise levels.</summary>
    /// <param name="sigmas">σ_0 > … > σ_N, at least two, all from 0 to 1.</param>
    /// <param name="trainTimesteps">T: timesteps of training, at least 1; 1000 if not specified. Timesteps are σ · T, not rounded.</param>
    /// <returns>The schedule.</returns>
    /// <exception cref="ArgumentException">The levels are too few, out of range or do not fall.</exception>
    public static FlowSchedule FromSigmas(IReadOnlyList<double> sigmas, int trainTimesteps = 1000)
    {
        ArgumentNullException.ThrowIfNull(sigmas);
        ArgumentOutOfRangeException.ThrowIfLessThan(trainTimesteps, 1);
        bool falling = sigmas.Count > 1 && sigmas[0] <= 1 && sigmas[^1] >= 0;
        for (int i = 1; falling && i < sigmas.Count; i++)
        {
            falling = sigmas[i] < sigmas[i - 1];
        }

        return falling
            ? new FlowSchedule([.. sigmas], [.. sigmas.SkipLast(1).Select(sigma => sigma * trainTimesteps)])
            : throw new ArgumentException("Noise levels must be two or more that fall from at most 1 to at least 0.", nameof(sigmas));
    }

    /// <summary>The same levels, of which some are left out: behind the first steps every so many are one.</summary>
    /// <param name="first">Steps that stay as they are, 0 to <see cref="Steps"/>.</param>
    /// <param name="stride">How many steps of those behind become one, at least 1; the last one may be shorter.</param>
    /// <returns>The schedule; each level has the timestep that it has here.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public FlowSchedule Thinned(int first, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Steps);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        int[] kept = [.. Enumerable.Range(0, Steps).Where(level => level <= first || (level - first) % stride == 0)];
        return new FlowSchedule([.. kept.Select(level => _sigmas[level]), _sigmas[^1]], [.. kept.Select(level => _timesteps[level])]);
    }

    private static FlowSchedule Create(int steps, Func<int, double> sigma, Func<double, double> timestep)
    {
        ImmutableArray<double> levels = [.. Enumerable.Range(0, steps).Select(sigma)];
        return new FlowSchedule(levels.Add(0), [.. levels.Select(timestep)]);
    }

    private static void Check(int steps, double shift, int trainTimesteps)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(trainTimesteps, 2);
        if (!(shift > 0 && double.IsFinite(shift)))
        {
            throw new ArgumentOutOfRangeException(nameof(shift), shift, "The shift must be a number above 0.");
        }
    }
}
