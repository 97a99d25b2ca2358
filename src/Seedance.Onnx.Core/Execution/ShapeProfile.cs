using System.Collections.Immutable;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Execution;

/// <summary>The shapes that an engine of a graph is built for: the lengths of every axis of every input. Immutable.</summary>
/// <param name="Inputs">The axes of each input, outermost first, by the input's name in the graph's file.</param>
public sealed record ShapeProfile(ImmutableSortedDictionary<string, ImmutableArray<AxisRange>> Inputs)
{
    /// <summary>Whether every axis has one length only.</summary>
    public bool IsStatic => Inputs.Values.All(axes => axes.All(axis => axis.IsFixed));

    /// <summary>Derives the shapes from what a pack can be asked for: its sizes, one latent frame to its longest clip, one token to its longest prompt, with and without guidance.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="pack">The pack's contract.</param>
    /// <param name="axes">Lengths that are given instead, by the letters of the graph's contract.</param>
    /// <returns>The shapes; tuned for the pack's default size, length and guidance with the longest prompt.</returns>
    /// <exception cref="ExecutionTargetException">The length of an axis follows from nothing; the error names each such letter.</exception>
    public static ShapeProfile Of(GraphContract graph, PackContract pack, IReadOnlyDictionary<string, AxisRange> axes)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(pack);
        ArgumentNullException.ThrowIfNull(axes);
        IReadOnlyDictionary<string, ImmutableArray<long>>[] planned = [.. PlannedShapes.OfWhatCanBeAsked(pack).Select(shapes => shapes.InputsOf(graph, pack))];
        List<string> unknown = [];
        ImmutableSortedDictionary<string, ImmutableArray<AxisRange>> inputs = graph.Inputs.ToImmutableSortedDictionary(
            input => input.FileName, input => input.Axes.Select((axis, index) => Range(input, axis, index)).ToImmutableArray(), StringComparer.Ordinal);
        return unknown.Count == 0 ? new ShapeProfile(inputs) : throw new ExecutionTargetException(
            $"The engine of graph '{graph.Role}' must know the lengths of all axes, but not of {string.Join(", ", unknown.Distinct(StringComparer.Ordinal))}. Give them in tensorrt.axes.");

        AxisRange Range(TensorContract input, TensorAxis axis, int index)
        {
            if (axis.Length is { } length)
            {
                return AxisRange.Fixed(length);
            }

            if (axes.TryGetValue(axis.Letter!, out AxisRange given))
            {
                return given;
            }

            AxisRange range = new(planned[0][input.Name][index], planned[1][input.Name][index], planned[2][input.Name][index]);
            if (!range.IsValid)
            {
                unknown.Add(axis.Letter!);
            }

            return range;
        }
    }

    /// <summary>The same without inputs that the graph's file lacks.</summary>
    /// <param name="names">The inputs of the file.</param>
    /// <returns>The shapes of those inputs.</returns>
    public ShapeProfile Keep(IReadOnlyCollection<string> names) => new(Inputs.RemoveRange(Inputs.Keys.Where(name => !names.Contains(name))));
}
