using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Seedance.Onnx.Sampling;

/// <summary>
/// One evaluation of the transformer and what follows from it: state' = W · [state ; v_1 … v_G ; noise]. Immutable.
/// </summary>
public sealed class SolverStep
{
    /// <summary>Elements that are updated together: K + G + 1 tiles of this size stay in the nearest cache.</summary>
    private const int Tile = 1024;

    private readonly ImmutableArray<double> _weights;
    private readonly ImmutableArray<double> _guidance;
    private readonly float[] _single;

    internal SolverStep(double sigma, double timestep, int keep, ImmutableArray<int> rows, ReadOnlySpan<double> weights, ReadOnlySpan<double> guidance, double rescale = 0)
    {
        Rescale = rescale;
        _guidance = [.. guidance];
        Sigma = sigma;
        Timestep = timestep;
        Keep = keep;
        Rows = rows;
        _weights = [.. weights];
        _single = [.. _weights.Select(weight => (float)weight)];
        for (int row = 0; row < keep; row++)
        {
            UsesNoise |= this[row, Columns - 1] != 0;
        }
    }

    /// <summary>The noise level at which the velocity is taken.</summary>
    public double Sigma { get; }

    /// <summary>The timestep that the transformer is given for it: σ · train timesteps, cut to a whole number by some schedules.</summary>
    public double Timestep { get; }

    /// <summary>K: kept tensors. Tensor 0 is the latents that the transformer sees.</summary>
    public int Keep { get; }

    /// <summary>The branches of the plan that this step runs, ascending: those that count in its guided velocity.</summary>
    public ImmutableArray<int> Rows { get; }

    /// <summary>G: how many branches it runs, one velocity each; 0 for a step without a run of the transformer, see <see cref="Reusing"/>.</summary>
    public int Branches => Rows.Length;

    /// <summary>How much each branch of <see cref="Rows"/> counts in the guided velocity, G values; they are in <see cref="Weights"/> already.</summary>
    public ReadOnlySpan<double> Guidance => _guidance.AsSpan();

    /// <summary>
    /// φ of <see cref="GuidanceRescale"/>, from 0 (none) to 1. Its factor depends on the velocities, so that no matrix holds it: whoever carries the step out applies it before.
    /// </summary>
    public double Rescale { get; }

    /// <summary>The columns of W: K + G + 1.</summary>
    public int Columns => Keep + Branches + 1;

    /// <summary>Whether the update reads fresh noise.</summary>
    public bool UsesNoise { get; }

    /// <summary>W, row by row: K · (K + G + 1) values.</summary>
    public ReadOnlySpan<double> Weights => _weights.AsSpan();

    /// <summary>One weight of W.</summary>
    /// <param name="row">The kept tensor that is made, from 0.</param>
    /// <param name="column">The input: kept tensors, then velocities, then noise.</param>
    public double this[int row, int column] => _weights[(row * Columns) + column];

    /// <summary>Writes W in single precision, row by row, as a step graph takes it.</summary>
    /// <param name="destination">[K, K + G + 1] float32; the length is checked.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length than W.</exception>
    public void CopyWeights(Span<float> destination)
    {
        CheckLength(nameof(destination), destination.Length, _single.Length);
        _single.CopyTo(destination);
    }

    /// <summary>Writes <see cref="Guidance"/> and, behind it, <see cref="Rescale"/> in single precision, as a step graph takes them.</summary>
    /// <param name="destination">[G + 1] float32; the length is checked.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    public void CopyGuidance(Span<float> destination)
    {
        CheckLength(nameof(destination), destination.Length, Branches + 1);
        for (int branch = 0; branch < Branches; branch++)
        {
            destination[branch] = (float)_guidance[branch];
        }

        destination[^1] = (float)Rescale;
    }

    /// <summary>
    /// What the latents would come to: m = x − σ v, with the step's guidance. The guided velocity is read back out of a row of the update, so that whoever ran the step need not
    /// have kept it.
    /// </summary>
    /// <param name="states">[K, n] float32: the kept tensors before the step.</param>
    /// <param name="next">[K, n] float32: those after it.</param>
    /// <param name="noise">[n] float32: the step's fresh noise; may be empty when <see cref="UsesNoise"/> is false.</param>
    /// <param name="destination">[n] float32: where the prediction goes.</param>
    /// <exception cref="ArgumentException">A length does not fit the others.</exception>
    public void PredictClean(ReadOnlySpan<float> states, ReadOnlySpan<float> next, ReadOnlySpan<float> noise, Span<float> destination)
    {
        int length = destination.Length;
        CheckLength(nameof(states), states.Length, (long)Keep * length);
        CheckLength(nameof(next), next.Length, (long)Keep * length);
        CheckLength(nameof(noise), noise.Length, UsesNoise || !noise.IsEmpty ? length : 0);
        int row = Enumerable.Range(0, Keep).MaxBy(row => Math.Abs(VelocityWeight(row)));
        double scale = -Sigma / VelocityWeight(row);
        states[..length].CopyTo(destination);
        AddScaled((float)scale, next.Slice(row * length, length), destination);
        for (int kept = 0; kept < Keep; kept++)
        {
            AddScaled((float)(-scale * this[row, kept]), states.Slice(kept * length, length), destination);
        }

        if (UsesNoise)
        {
            AddScaled((float)(-scale * this[row, Columns - 1]), noise, destination);
        }
    }

    /// <summary>
    /// The same step with the guided velocity that is kept as the last tensor (<see cref="SolverPlan.KeepingVelocity"/>) in place of a new one: a matrix over the kept tensors and noise alone, for which
    /// no branch is run.
    /// </summary>
    /// <returns>The step: G = 0.</returns>
    public SolverStep Reusing()
    {
        int columns = Keep + 1, last = Keep - 1;
        double[] weights = new double[Keep * columns];
        for (int row = 0; row < last; row++)
        {
            Span<double> target = weights.AsSpan(row * columns, columns);
            _weights.AsSpan(row * Columns, last).CopyTo(target);
            target[last] = VelocityWeight(row);
            target[^1] = this[row, Columns - 1];
        }

        weights[(last * columns) + last] = 1;
        return new SolverStep(Sigma, Timestep, Keep, rows: [], weights, guidance: []);
    }

    /// <summary>The same step with one more kept tensor, the last: the guided velocity.</summary>
    internal SolverStep KeepingVelocity()
    {
        int columns = Columns + 1;
        double[] weights = new double[(Keep + 1) * columns];
        for (int row = 0; row < Keep; row++)
        {
            ReadOnlySpan<double> own = _weights.AsSpan(row * Columns, Columns);
            own[..Keep].CopyTo(weights.AsSpan(row * columns));
            own[Keep..].CopyTo(weights.AsSpan((row * columns) + Keep + 1));
        }

        _guidance.AsSpan().CopyTo(weights.AsSpan((Keep * columns) + Keep + 1));
        return new SolverStep(Sigma, Timestep, Keep + 1, Rows, weights, Guidance, Rescale);
    }

    /// <summary>How much the guided velocity counts in a row: each branch has it times its own share.</summary>
    private double VelocityWeight(int row)
    {
        double product = 0, square = 0;
        for (int branch = 0; branch < Branches; branch++)
        {
            product += this[row, Keep + branch] * _guidance[branch];
            square += _guidance[branch] * _guidance[branch];
        }

        return product / square;
    }

    /// <summary>
    /// Makes the next state on the host: destination = W · [states ; velocities ; noise]. A weight of 0 does not read its input.
    /// Allocates nothing.
    /// </summary>
    /// <param name="states">[K, n] float32: the kept tensors.</param>
    /// <param name="velocities">[G, n] float32: the transformer's outputs, one a branch.</param>
    /// <param name="noise">[n] float32: fresh noise; may be empty when <see cref="UsesNoise"/> is false.</param>
    /// <param name="destination">[K, n] float32: the next state. Must not overlap <paramref name="states"/>.</param>
    /// <exception cref="ArgumentException">A length does not fit the others, or the destination overlaps the states.</exception>
    public void Apply(ReadOnlySpan<float> states, ReadOnlySpan<float> velocities, ReadOnlySpan<float> noise, Span<float> destination)
    {
        int length = destination.Length / Keep;
        CheckLength(nameof(destination), destination.Length, (long)Keep * length);
        CheckLength(nameof(states), states.Length, (long)Keep * length);
        CheckLength(nameof(velocities), velocities.Length, (long)Branches * length);
        CheckLength(nameof(noise), noise.Length, UsesNoise || !noise.IsEmpty ? length : 0);
        if (states.Overlaps(destination))
        {
            throw new ArgumentException("The destination must not overlap the states. Keep two state buffers and swap them.", nameof(destination));
        }

        for (int start = 0; start < length; start += Tile)
        {
            int count = Math.Min(Tile, length - start);
            for (int row = 0; row < Keep; row++)
            {
                Span<float> target = destination.Slice((row * length) + start, count);
                target.Clear();
                AddInputs(row, 0, states, length, start, target);
                AddInputs(row, Keep, velocities, length, start, target);
                AddInputs(row, Keep + Branches, noise, length, start, target);
            }
        }
    }

    private void AddInputs(int row, int firstColumn, ReadOnlySpan<float> inputs, int length, int start, Span<float> target)
    {
        int count = inputs.Length / Math.Max(length, 1);
        for (int input = 0; input < count; input++)
        {
            float weight = _single[(row * Columns) + firstColumn + input];
            if (weight != 0)
            {
                AddScaled(weight, inputs.Slice((input * length) + start, target.Length), target);
            }
        }
    }

    private static void AddScaled(float scale, ReadOnlySpan<float> source, Span<float> target)
    {
        ReadOnlySpan<Vector<float>> wideSource = MemoryMarshal.Cast<float, Vector<float>>(source);
        Span<Vector<float>> wideTarget = MemoryMarshal.Cast<float, Vector<float>>(target);
        var wideScale = new Vector<float>(scale);
        for (int i = 0; i < wideTarget.Length; i++)
        {
            wideTarget[i] = Vector.FusedMultiplyAdd(wideScale, wideSource[i], wideTarget[i]);
        }

        for (int i = wideTarget.Length * Vector<float>.Count; i < target.Length; i++)
        {
            target[i] = MathF.FusedMultiplyAdd(scale, source[i], target[i]);
        }
    }

    private static void CheckLength(string name, int actual, long expected)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"Length of {name} must be {expected}, but is {actual}.", name);
        }
    }
}
