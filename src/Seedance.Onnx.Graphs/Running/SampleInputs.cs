using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Graphs.Running;

/// <summary>Makes inputs for models of which nothing but the interface is known, to compare runs before and after a rewriting.</summary>
public static class SampleInputs
{
    /// <summary>Makes a tensor for each required input: numbers evenly between −1 and 1, the whole numbers 0 and 1, true, and short texts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="bindings">The lengths of its free axes, and values that are to be given as they are.</param>
    /// <param name="seed">The same seed gives the same inputs, on every machine.</param>
    /// <returns>Tensors by name.</returns>
    /// <exception cref="ModelFileException">An input has an axis whose length is not bound, or a type that cannot be made up.</exception>
    public static IReadOnlyDictionary<string, OnnxTensor> Create(OnnxModel model, ShapeBindings bindings, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(bindings);
        GraphShapes shapes = ShapeInference.Run(model, bindings);
        Dictionary<string, OnnxTensor> inputs = new(StringComparer.Ordinal);
        // SplitMix64 (Steele, Lea and Flood, 2014).
        ulong state = (ulong)seed;
        foreach (OnnxValue input in model.Graph.RequiredInputs)
        {
            if (bindings.Values.TryGetValue(input.Name, out OnnxTensor? given))
            {
                inputs[input.Name] = given;
                continue;
            }

            if (shapes.Find(input.Name) is not { Lengths: { } lengths, ElementType: var type } || (type != OnnxElementType.Text && !HostArray.Supports(type)))
            {
                throw new ModelFileException(model.Source, $"input '{input.Name}' must have known axes and a type that can be made up, but is {input.DescribeType()}. Bind its axes, or give its value.");
            }

            long count = lengths.Aggregate(1L, (a, b) => a * b);
            inputs[input.Name] = type == OnnxElementType.Text
                ? OnnxTensor.FromText(input.Name, [.. Enumerable.Range(0, (int)count).Select(i => $"a red ball and {i} blue birds")], lengths.AsSpan())
                : HostArray.FromDoubles(type, [.. lengths], Numbers(type, count, ref state)).ToTensor(input.Name);
        }

        return inputs;
    }

    private static double[] Numbers(OnnxElementType type, long count, ref ulong state)
    {
        double[] numbers = new double[count];
        for (int i = 0; i < numbers.Length; i++)
        {
            ulong z = state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            double unit = (z >> 11) / (double)(1UL << 53);
            numbers[i] = type == OnnxElementType.Bool ? 1 : type.IsFloat() ? (2 * unit) - 1 : Math.Floor(2 * unit);
        }

        return numbers;
    }
}
