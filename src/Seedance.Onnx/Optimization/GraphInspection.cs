using System.Collections.Immutable;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Costs;
using Seedance.Onnx.Graphs.Inspection;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Optimization;

/// <summary>What a graph is, and what a run of it costs. Nothing is run for it, and no large tensor is read.</summary>
/// <param name="Summary">Interface, operators and sizes.</param>
/// <param name="Shapes">The shapes of the inputs that the cost is for, by name.</param>
/// <param name="Assumed">The lengths of free axes that nobody asked for, by name.</param>
/// <param name="Cost">What a run with these shapes costs.</param>
public sealed record GraphInspection(
    GraphSummary Summary, ImmutableSortedDictionary<string, ImmutableArray<long>> Shapes, ImmutableSortedDictionary<string, long> Assumed, GraphCost Cost)
{
    /// <summary>Inspects a graph's file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shapes">Shapes of its inputs; small ones are assumed for what is not said.</param>
    /// <returns>What it is.</returns>
    /// <exception cref="ModelFileException">The file cannot be used.</exception>
    /// <exception cref="InvalidRequestException">The shapes do not fit the graph; every problem is listed.</exception>
    public static GraphInspection OfFile(string path, ShapeBindings? shapes = null)
    {
        OnnxModel model = OnnxModel.Load(path);
        ShapeBindings asked = shapes ?? ShapeBindings.None;
        return ShapeChoice.FindProblems(model, asked) is { Count: > 0 } problems ? throw new InvalidRequestException(problems) : Of(model, asked);
    }

    /// <summary>Inspects the graphs of a pack, for a clip of its own size and length with the longest prompt.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="axes">Other lengths, by the letters of seedance.json; "B" for example. None if not specified.</param>
    /// <returns>What each graph is, by role.</returns>
    /// <exception cref="ModelFileException">A graph's file cannot be used.</exception>
    /// <exception cref="InvalidRequestException">A letter is not that of a free axis.</exception>
    public static IReadOnlyDictionary<string, GraphInspection> OfPack(ModelPack pack, ImmutableDictionary<string, long>? axes = null)
    {
        ArgumentNullException.ThrowIfNull(pack);
        axes ??= ImmutableDictionary<string, long>.Empty;
        string[] letters = [.. pack.Contract.Graphs.Values.SelectMany(graph => graph.Inputs).SelectMany(input => input.Axes).Select(axis => axis.Letter).OfType<string>().Distinct(StringComparer.Ordinal)];
        string[] unknown = [.. axes.Keys.Except(letters, StringComparer.Ordinal)];
        return unknown.Length > 0
            ? throw new InvalidRequestException([.. unknown.Select(axis => $"Axis '{axis}' must be one of {string.Join(", ", letters)}, but is not. Name a free axis of the pack's inputs.")])
            : pack.Contract.Graphs.Values.ToDictionary(graph => graph.Role, graph => OfGraph(pack, graph, axes), StringComparer.Ordinal);
    }

    private static GraphInspection OfGraph(ModelPack pack, GraphContract graph, ImmutableDictionary<string, long> axes)
    {
        OnnxModel model = OnnxModel.Load(pack.PathOfGraph(graph.Role));
        Dictionary<string, OnnxValue> files = model.Graph.RequiredInputs.ToDictionary(input => input.Name, StringComparer.Ordinal);
        IReadOnlyDictionary<string, ImmutableArray<long>> planned = PlannedShapes.Default(pack.Contract).InputsOf(graph, pack.Contract);
        ShapeBindings bindings = ShapeBindings.None;
        foreach (TensorContract input in graph.Inputs.Where(input => files.ContainsKey(input.FileName)))
        {
            TensorContract asked = input with
            {
                Axes = [.. input.Axes.Select(axis => axis.Letter is { } letter && axes.TryGetValue(letter, out long length) ? TensorAxis.Fixed(checked((int)length)) : axis)],
            };
            if (PackSamples.LengthsOf(asked, files[input.FileName], planned[input.Name]) is { } lengths)
            {
                bindings = bindings.WithInput(input.FileName, lengths);
            }
        }

        return Of(model, bindings);
    }

    private static GraphInspection Of(OnnxModel model, ShapeBindings asked)
    {
        ShapeChoice choice = ShapeChoice.For(model, asked);
        return new GraphInspection(
            GraphSummary.Of(model), choice.Bindings.Inputs.ToImmutableSortedDictionary(StringComparer.Ordinal), choice.Assumed, CostModel.Estimate(model, choice.Bindings));
    }
}
