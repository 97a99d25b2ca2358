using System.Collections.Immutable;
using Seedance.Onnx.Composition;
using Seedance.Onnx.Costs;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Costs;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx.Forecasts;

/// <summary>What a video of a pack takes, counted in the graphs that a pipeline would run. Nothing is run, and nothing is kept.</summary>
public static class PackWork
{
    /// <summary>Features of a head, which tell how many scores attention has for its products; the usual number.</summary>
    private const double HeadFeatures = 64;

    private const double BytesOfValue = sizeof(float);

    private static readonly HashSet<string> Products = new(StringComparer.Ordinal)
    {
        "MatMul", "Gemm", "MatMulInteger", "QLinearMatMul", "Einsum",
        "com.microsoft.FusedMatMul", "com.microsoft.DynamicQuantizeMatMul", "com.microsoft.MatMulIntegerToFloat", "com.microsoft.MatMulNBits",
    };

    private static readonly HashSet<string> Convolutions = new(StringComparer.Ordinal) { "Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "com.microsoft.FusedConv" };

    /// <summary>Counts a video.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="plan">A plan of it.</param>
    /// <param name="provider">What the graphs are fused for.</param>
    /// <param name="tokens">Tokens of the longest prompt; the most that the pack reads if not specified.</param>
    /// <returns>The stages in order: text, images where there are any ("condition"), semantic tokens where the transformer follows any ("semantic"), denoise, decode.</returns>
    /// <exception cref="ModelPackException">A graph is not what the pack declares.</exception>
    /// <exception cref="ModelFileException">A graph cannot be read, or does not take the planned shapes.</exception>
    public static ImmutableArray<StageWork> Of(ModelPack pack, GenerationPlan plan, ExecutionProvider provider = ExecutionProvider.Cpu, int? tokens = null)
    {
        ArgumentNullException.ThrowIfNull(pack);
        ArgumentNullException.ThrowIfNull(plan);
        PackComposer composer = new(pack, cacheFolder: null, verified: false);
        ResolvedTarget target = new(provider, ExecutionTarget.Cpu, []);
        Dictionary<string, ComposedGraph> graphs = new(StringComparer.Ordinal);
        ComposedGraph GraphOf(string role) => graphs.TryGetValue(role, out ComposedGraph? graph) ? graph : graphs[role] = role switch
        {
            GraphRoles.VaeDecoder => composer.ComposePixels(target),
            _ when GraphRoles.Transformers.Contains(role) => composer.ComposeStep(target, role),
            _ => composer.Rewrite(role, target),
        };
        // Runs of one graph share its weights; stages run one after another.
        StageWork WorkOfGraph(string name, IEnumerable<PlannedRuns> runs) => Together(name, [.. runs.Select(run =>
        {
            ComposedGraph graph = GraphOf(run.Role);
            return WorkOf(name, PlannedCost.Of(graph.Model, graph.Contract, run.Shapes, pack.Contract), graph.Model.Graph).Times(run.Times);
        })], works => works.Max(work => work.Parameters));
        return
        [
            .. PlannedRuns.Of(plan, pack.Contract, tokens).GroupBy(runs => runs.Stage).OrderBy(stage => stage.Key).Select(stage =>
            {
                string name = stage.Key.ToString().ToLowerInvariant();
                return Together(name, [.. stage.GroupBy(runs => runs.Role, StringComparer.Ordinal).Select(graph => WorkOfGraph(name, graph))], works => works.Sum(work => work.Parameters));
            }),
        ];
    }

    private static StageWork Together(string name, StageWork[] works, Func<StageWork[], double> parameters) =>
        new(name, [.. works.SelectMany(work => work.Operators)], parameters(works), works.Max(work => work.LiveValues));

    /// <summary>What one run of a graph does, by the classes of its operators.</summary>
    /// <param name="name">The stage.</param>
    /// <param name="cost">The graph's cost.</param>
    /// <param name="graph">The graph.</param>
    /// <returns>The work; without nodes that are computed once, when the graph is loaded.</returns>
    internal static StageWork WorkOf(string name, GraphCost cost, OnnxGraph graph)
    {
        (HashSet<string> before, HashSet<string> weighted) = Weights(graph);
        return new StageWork(
            name,
            [.. cost.Nodes.Where(node => node.IsKnown && node.BytesMoved > 0 && !before.Contains(node.Name)).GroupBy(node => ClassOf(node, weighted.Contains(node.Name))).Select(nodes => new OperatorWork(
                nodes.Key,
                nodes.Sum(node => (double)node.Flops),
                nodes.Sum(node => node.BytesMoved / BytesOfValue),
                nodes.Key == OperatorClass.Attention ? nodes.Sum(node => node.MultiplyAdds / (2 * HeadFeatures)) : 0,
                nodes.Count()))],
            cost.ParameterBytes / BytesOfValue,
            cost.Total.PeakActivationBytes / BytesOfValue);
    }

    /// <summary>
    /// The names of nodes that nothing but weights goes into, such as those that widen weights stored in half precision, and of those that weights go into besides other things.
    /// </summary>
    private static (HashSet<string> Before, HashSet<string> Weighted) Weights(OnnxGraph graph)
    {
        HashSet<string> constants = new(graph.Initializers.Select(tensor => tensor.Name), StringComparer.Ordinal), before = new(StringComparer.Ordinal), weighted = new(StringComparer.Ordinal);
        foreach (OnnxNode node in graph.Nodes)
        {
            string[] inputs = [.. node.Inputs.Where(input => input.Length > 0)];
            if (Array.TrueForAll(inputs, constants.Contains))
            {
                constants.UnionWith(node.Outputs);
                _ = before.Add(node.Name);
            }
            else if (Array.Exists(inputs, constants.Contains))
            {
                _ = weighted.Add(node.Name);
            }
        }

        // Nodes without a name cannot be told apart.
        _ = before.Remove("");
        return (before, weighted);
    }

    private static OperatorClass ClassOf(NodeCost node, bool hasWeights) => node.Operator switch
    {
        "Attention" or "com.microsoft.MultiHeadAttention" => OperatorClass.Attention,
        // A product of two values that were both computed: attention that is not fused.
        "MatMul" when node.Parameters == 0 && !hasWeights => OperatorClass.Attention,
        var op when Products.Contains(op) => OperatorClass.Gemm,
        var op when Convolutions.Contains(op) => OperatorClass.Convolution,
        _ => OperatorClass.Memory,
    };
}
