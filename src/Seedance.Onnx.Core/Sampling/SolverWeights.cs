namespace Seedance.Onnx.Sampling;

/// <summary>
/// The matrix W of one step while it is filled: one row for each kept tensor, one column for each input of the step (the kept
/// tensors, the velocity, fresh noise). Starts as zeros.
/// </summary>
/// <param name="keep">K: kept tensors, at least 1.</param>
public sealed class SolverWeights(int keep)
{
    private readonly double[] _values = new double[keep * (keep + 2)];

    /// <summary>K: kept tensors. Row and state 0 are the latents that the transformer sees.</summary>
    public int Keep => keep;

    /// <summary>The column of the velocity.</summary>
    public int Velocity => keep;

    /// <summary>The column of fresh noise.</summary>
    public int Noise => keep + 1;

    /// <summary>How many columns there are: K + 2.</summary>
    public int Columns => keep + 2;

    /// <summary>How much of an input goes into a kept tensor of the next step.</summary>
    /// <param name="row">The kept tensor, from 0.</param>
    /// <param name="column">The input: <see cref="State"/> of a kept tensor, <see cref="Velocity"/> or <see cref="Noise"/>.</param>
    public double this[int row, int column]
    {
        get => _values[Index(row, column)];
        set => _values[Index(row, column)] = value;
    }

    /// <summary>The column of a kept tensor.</summary>
    /// <param name="index">The kept tensor, from 0.</param>
    /// <returns>The column.</returns>
    public static int State(int index) => index;

    internal ReadOnlySpan<double> Values => _values;

    /// <summary>Multiplies a row by a number.</summary>
    internal void Scale(int row, double factor)
    {
        foreach (ref double weight in _values.AsSpan(row * Columns, Columns))
        {
            weight *= factor;
        }
    }

    private int Index(int row, int column)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)keep, nameof(row));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)Columns, nameof(column));
        return (row * Columns) + column;
    }
}
