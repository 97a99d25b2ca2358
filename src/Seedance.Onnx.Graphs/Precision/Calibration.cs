using System.Collections.Immutable;
using Seedance.Onnx.Graphs.Evaluation;
using Seedance.Onnx.Graphs.Running;
using Seedance.Onnx.Graphs.Shapes;

namespace Seedance.Onnx.Graphs.Precision;

/// <summary>Finds what a conversion would harm, by running the model.</summary>
public static class Calibration
{
    /// <summary>Values that are looked at in one run: each is one more output, that is held in memory.</summary>
    private const int ValuesPerRun = 64;

    /// <summary>
    /// Operators for which a large number is a bound or a mask, that half precision may cut, or shows in what they make. For others, a variance or a
    /// divisor say, it must stay what it is.
    /// </summary>
    private static readonly HashSet<string> Bounding = new(StringComparer.Ordinal) { "Add", "Sub", "Where", "Max", "Min", "Clip", "Pad", "Identity", "Expand", "Greater", "GreaterOrEqual", "Less", "LessOrEqual" };

    /// <summary>Finds nodes whose values or weights are too large for half precision, so that they can be asked to stay.</summary>
    /// <param name="model">The model in single precision; not changed.</param>
    /// <param name="runner">Runs models.</param>
    /// <param name="samples">Inputs as they occur, at least one set.</param>
    /// <param name="limit">The largest magnitude that is still taken. If not specified, half of the largest finite number, so that other inputs have room.</param>
    /// <returns>Names of nodes that make larger values, or read them, in the order in which they run. Weights that are only bounds or masks do not count.</returns>
    /// <exception cref="ArgumentException">There are no samples.</exception>
    public static ImmutableArray<string> FindOverflows(OnnxModel model, GraphRunner runner, IReadOnlyList<IReadOnlyDictionary<string, OnnxTensor>> samples, float limit = Float16Conversion.Largest / 2)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(runner);
        RequireSamples(samples);
        OnnxModel observed = model.Copy();
        NodeNaming.NameAll(observed.Graph);
        GraphShapes shapes = ShapeInference.Run(observed);
        HashSet<string> outputs = [.. observed.Graph.Outputs.Select(output => output.Name)];
        string[] values = [.. observed.Graph.Nodes.SelectMany(node => node.Outputs).Where(value => value.Length > 0 && shapes.Find(value)?.ElementType == OnnxElementType.Float32)];
        HashSet<string> large = new(StringComparer.Ordinal);
        foreach (string[] part in values.Chunk(ValuesPerRun))
        {
            OnnxModel probe = observed.Copy();
            foreach (string value in part.Where(value => !outputs.Contains(value)))
            {
                probe.Graph.Outputs.Add(new OnnxValue(value, OnnxElementType.Undefined));
            }

            foreach (IReadOnlyDictionary<string, OnnxTensor> sample in samples)
            {
                large.UnionWith(runner(probe, sample).Where(output => part.Contains(output.Key) && Exceeds(output.Value, limit)).Select(output => output.Key));
            }
        }

        HashSet<string> weights = [.. observed.Graph.Initializers.Where(tensor => tensor.ElementType == OnnxElementType.Float32 && Exceeds(tensor, limit)).Select(tensor => tensor.Name)];
        return [.. NodeOrder.Sort(observed.Graph.Nodes)
            .Where(node => node.Inputs.Concat(node.Outputs).Any(large.Contains) || (!Bounding.Contains(node.OpType) && node.Inputs.Any(weights.Contains))).Select(node => node.Name)];
    }

    /// <summary>Converts one node at a time and measures what that does to the outputs.</summary>
    /// <param name="model">The model in single precision; not changed.</param>
    /// <param name="options">The precision; nodes that are asked to stay are not measured.</param>
    /// <param name="runner">Runs models; called once for each node and sample, and once more for each sample.</param>
    /// <param name="samples">Inputs as they occur, at least one set.</param>
    /// <returns>A measurement for each node that the conversion takes, the worst first.</returns>
    /// <exception cref="ArgumentException">There are no samples, or the options are not valid.</exception>
    public static ImmutableArray<NodeSensitivity> MeasureSensitivity(OnnxModel model, PrecisionOptions options, GraphRunner runner, IReadOnlyList<IReadOnlyDictionary<string, OnnxTensor>> samples)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(runner);
        RequireSamples(samples);
        OnnxModel named = model.Copy();
        NodeNaming.NameAll(named.Graph);
        NodeFilter asked = new(options.KeepNames);
        string[] nodes = [.. PrecisionConversion.Candidates(named, options).Where(name => !asked.Matches(name))];
        IReadOnlyDictionary<string, OnnxTensor>[] expected = [.. samples.Select(sample => runner(named, sample))];
        List<NodeSensitivity> found = [];
        foreach (string node in nodes)
        {
            OnnxModel one = named.Copy();
            PrecisionConversion.Convert(one, options with { KeepNames = [.. nodes.Where(other => other != node), .. options.KeepNames] });
            found.Add(new NodeSensitivity(node, samples.Select((sample, i) => OutputDifference.Between(expected[i], runner(one, sample)).RelativeRms).Max()));
        }

        return [.. found.OrderByDescending(node => double.IsNaN(node.RelativeError) ? double.PositiveInfinity : node.RelativeError).ThenBy(node => node.Node, StringComparer.Ordinal)];
    }

    private static bool Exceeds(OnnxTensor tensor, float limit) => HostArray.From(tensor) is { } array && array.ToDoubles().Any(value => double.IsFinite(value) ? Math.Abs(value) > limit : !double.IsInfinity(value));

    private static void RequireSamples(IReadOnlyList<IReadOnlyDictionary<string, OnnxTensor>> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count == 0)
        {
            throw new ArgumentException("Samples must be at least one, but are none.", nameof(samples));
        }
    }
}
