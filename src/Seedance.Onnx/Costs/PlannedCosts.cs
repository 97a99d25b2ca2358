using System.Collections.Concurrent;
using Seedance.Onnx.Composition;
using Seedance.Onnx.Forecasts;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Costs;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Costs;

/// <summary>What runs of a pack's graphs cost at planned shapes, each estimated once. Safe for several threads.</summary>
/// <param name="pack">The pack.</param>
/// <param name="composed">What runs of it, by role.</param>
internal sealed class PlannedCosts(ModelPack pack, IReadOnlyDictionary<string, ComposedGraph> composed)
{
    private readonly ConcurrentDictionary<(string Role, PlannedShapes Shapes), CostSum> _planned = [];
    private readonly ConcurrentDictionary<(int Frames, int Height, int Width), CostSum> _upscaled = [];
    private readonly ConcurrentDictionary<string, OnnxModel> _models = new(StringComparer.Ordinal);

    /// <summary>A run of a graph: transformers and decoder as they are composed, the others as the pack has them.</summary>
    /// <param name="role">Its role.</param>
    /// <param name="shapes">The lengths that its inputs' shapes follow from.</param>
    /// <exception cref="ModelFileException">The graph cannot be read, or does not take these shapes.</exception>
    public CostSum Of(string role, PlannedShapes shapes) => _planned.GetOrAdd((role, shapes), static (key, costs) => costs.Estimate(key.Role, key.Shapes), this);

    /// <summary>A run of the upscaler.</summary>
    /// <param name="frames">Frames of a chunk with their neighbours.</param>
    /// <param name="height">Rows of a tile with what lies around it.</param>
    /// <param name="width">Its columns.</param>
    public CostSum OfUpscaler(int frames, int height, int width) => _upscaled.GetOrAdd((frames, height, width), static (key, costs) =>
    {
        GraphContract upscaler = costs.ContractOf(GraphRoles.Upscaler);
        return CostModel.Estimate(costs.ModelOf(GraphRoles.Upscaler), ShapeBindings.None.WithInput(upscaler.FindInput("sample")!.FileName, [1, 3, key.Frames, key.Height, key.Width])).Total;
    }, this);

    private CostSum Estimate(string role, PlannedShapes shapes)
    {
        // Those that not every video needs are told by the pack's own graphs, whether they are loaded or not.
        ComposedGraph? own = pack.Contract.RunRoles.Contains(role, StringComparer.Ordinal) && role != GraphRoles.TextEncoder ? composed[role] : null;
        OnnxModel model = own?.Model ?? ModelOf(role);
        GraphContract contract = own?.Contract ?? ContractOf(role);
        return PlannedCost.Of(model, contract, shapes, pack.Contract).Total;
    }

    private OnnxModel ModelOf(string role) => _models.GetOrAdd(role, static (role, pack) => OnnxModel.Load(pack.PathOfGraph(role)), pack);

    private GraphContract ContractOf(string role) => pack.Contract.FindGraph(role)!;
}
