using System.Collections.Immutable;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Costs;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Forecasts;

/// <summary>What a graph costs in a generation that is planned.</summary>
internal static class PlannedCost
{
    /// <summary>Estimates one run.</summary>
    /// <param name="model">The graph.</param>
    /// <param name="contract">What goes in.</param>
    /// <param name="shapes">The generation's lengths.</param>
    /// <param name="pack">The contract of the graph's pack.</param>
    /// <exception cref="ModelFileException">The graph does not take the planned shapes.</exception>
    public static GraphCost Of(OnnxModel model, GraphContract contract, PlannedShapes shapes, PackContract pack)
    {
        IReadOnlyDictionary<string, ImmutableArray<long>> planned = shapes.InputsOf(contract, pack);
        HashSet<string> present = [.. model.Graph.Inputs.Select(input => input.Name)];
        ShapeBindings bindings = contract.Inputs
            .Where(input => present.Contains(input.FileName) && !planned[input.Name].Contains(0))
            .Aggregate(ShapeBindings.None, (all, input) => all.WithInput(input.FileName, planned[input.Name].AsSpan()));
        return CostModel.Estimate(model, bindings);
    }
}
