using Seedance.Onnx.Graphs.Evaluation;

namespace Seedance.Onnx.Graphs.Running;

/// <summary>How far the outputs of a rewritten model are from those of the model it was made from.</summary>
/// <param name="LargestAbsolute">The largest difference of two elements; NaN where only one side is a number, infinite where shapes differ.</param>
/// <param name="RelativeRms">The root of the mean squared difference over that of the expected elements; 0 when both are the same.</param>
/// <param name="Output">The output with the largest difference.</param>
public sealed record OutputDifference(double LargestAbsolute, double RelativeRms, string Output)
{
    /// <summary>Compares outputs. Whole numbers and truth values are compared as numbers; text is left out.</summary>
    /// <param name="expected">The outputs to keep to, by name.</param>
    /// <param name="actual">The outputs to compare, by name.</param>
    /// <returns>The difference.</returns>
    public static OutputDifference Between(IReadOnlyDictionary<string, OnnxTensor> expected, IReadOnlyDictionary<string, OnnxTensor> actual)
    {
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(actual);
        double largest = 0, error = 0, power = 0;
        string worst = "";
        foreach ((string name, OnnxTensor tensor) in expected)
        {
            if (HostArray.From(tensor) is not { } wanted)
            {
                continue;
            }

            HostArray? found = actual.TryGetValue(name, out OnnxTensor? other) ? HostArray.From(other) : null;
            if (found is null || !found.Dims.AsSpan().SequenceEqual(wanted.Dims))
            {
                return new OutputDifference(double.PositiveInfinity, double.PositiveInfinity, name);
            }

            double[] a = wanted.ToDoubles(), b = found.ToDoubles();
            for (int i = 0; i < a.Length; i++)
            {
                // Equal infinities, and two that are no numbers, are the same.
                double difference = a[i].Equals(b[i]) ? 0 : Math.Abs(a[i] - b[i]);
                error += difference * difference;
                power += double.IsFinite(a[i]) ? a[i] * a[i] : 0;
                if (!(difference <= largest))
                {
                    (largest, worst) = (difference, name);
                }
            }
        }

        return new OutputDifference(largest, error == 0 ? 0 : Math.Sqrt(error / power), worst);
    }
}
