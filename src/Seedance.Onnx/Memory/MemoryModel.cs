using System.Collections.Concurrent;
using System.Collections.Immutable;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Graphs.Costs;
using Seedance.Onnx.Graphs.Shapes;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx.Memory;

/// <summary>Plans the memory of generations with a pack. Safe for several threads.</summary>
internal sealed class MemoryModel(ModelPack pack)
{
    /// <summary>Allocators grow by doubling, and keep what they have until a stage ends.</summary>
    private const double ArenaGrowth = 2;

    /// <summary>A graph's weights are there, and some of them once more in the order that kernels want.</summary>
    private const double PackedWeights = 2;

    /// <summary>A tokenizer's tables lie in attributes of operators that no shape is known of; in memory they are trees and maps.</summary>
    private const double TokenizerTables = 16;

    /// <summary>What a session, its threads and its allocator take for themselves.</summary>
    private const long SessionBytes = 4 << 20;

    private readonly ConcurrentDictionary<(PlannedShapes Shapes, int Kept), MemoryPlan> _plans = [];
    private readonly Lazy<Dictionary<string, OnnxModel>> _graphs = new(() => pack.Contract.RunRoles.ToDictionary(role => role, role => OnnxModel.Load(pack.PathOfGraph(role)), StringComparer.Ordinal));

    /// <summary>What the loaded graphs take, whatever is asked of them.</summary>
    public long WeightBytes => pack.Contract.RunRoles.Sum(WeightsOf) + LargestFile;

    // The file is read whole before its weights are where they belong.
    private long LargestFile => pack.Contract.RunRoles.Max(role => new FileInfo(pack.PathOfGraph(role)).Length);

    /// <summary>What a plan takes.</summary>
    /// <exception cref="ModelFileException">A graph cannot be read, or does not take the planned shapes.</exception>
    public MemoryPlan Of(GenerationPlan plan) => Of(PlannedShapes.Of(plan, pack.Contract), plan.Solver.Keep);

    /// <summary>Why a plan does not fit, and what would.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="limit">The most bytes that may be planned.</param>
    /// <param name="atOnce">How many generations run at once.</param>
    /// <returns>Null if it fits.</returns>
    public string? FindProblem(GenerationPlan plan, long limit, int atOnce)
    {
        PlannedShapes shapes = PlannedShapes.Of(plan, pack.Contract);
        long Peak(LatentShape latents) => Of(shapes with { Latents = latents }, plan.Solver.Keep) is var memory ? memory.WeightBytes + (atOnce * memory.WorkingBytes) : 0;
        long peak = Peak(plan.Latents);
        if (peak <= limit)
        {
            return null;
        }

        LatentGeometry geometry = pack.Contract.Latents;
        int fits = MostThatFits(plan.Latents.Frames - 1, frames => Peak(plan.Latents with { Frames = frames }) <= limit);
        VideoSize? size = pack.Contract.Video.Sizes
            .Where(smaller => Area(smaller) < Area(plan.Size) && Peak(geometry.LatentsOf(smaller, plan.Frames)) <= limit)
            .OrderByDescending(Area).Select(smaller => (VideoSize?)smaller).FirstOrDefault();
        string[] ways = [.. new[] { fits > 0 ? $"for {geometry.Frames(fits)} frames" : null, size is { } smallerSize ? $"for {smallerSize}" : null }.OfType<string>()];
        return $"The video must fit into {MiB(limit)} MiB of memory{(atOnce > 1 ? $" {atOnce} times" : "")}, but {plan.Frames} frames of {plan.Size} are planned to take {MiB(peak)} MiB. "
            + (ways.Length > 0 ? $"Ask {string.Join(" or ", ways)}, or raise the limit." : "Raise the limit.");
    }

    /// <summary>Bytes as whole MiB, rounded up.</summary>
    public static long MiB(long bytes) => (bytes + (1L << 20) - 1) >> 20;

    private static long Area(VideoSize size) => (long)size.Width * size.Height;

    /// <summary>The largest number from 1 that fits, if smaller ones fit where it does; 0 if none does.</summary>
    private static int MostThatFits(int most, Func<int, bool> fits)
    {
        int least = 0;
        while (least < most)
        {
            int middle = least + ((most - least + 1) / 2);
            (least, most) = fits(middle) ? (middle, most) : (least, middle - 1);
        }

        return least;
    }

    private MemoryPlan Of(PlannedShapes shapes, int kept) => _plans.GetOrAdd((shapes, kept), static (key, model) => model.Estimate(key.Shapes, key.Kept), this);

    private MemoryPlan Estimate(PlannedShapes shapes, int kept)
    {
        LatentShape latents = shapes.Latents;
        VideoSize size = pack.Contract.Latents.SizeOf(latents);
        bool inChunks = ChunkMemory.PastOf(pack.Contract.FindGraph(GraphRoles.VaeDecoder)!).Any();
        PlannedShapes decoded = inChunks ? shapes with { Latents = latents with { Frames = Math.Min(latents.Frames, DecodeStage.Chunk) } } : shapes;
        long state = sizeof(float) * latents.Length, pixels = 3L * Area(size) * pack.Contract.Latents.Frames(latents.Frames);
        // The decoder's allocator keeps the pixels of the clip before until it runs again.
        long left = (long)(ArenaGrowth * sizeof(float) * pixels);
        return new MemoryPlan(
            WeightBytes,
            ActivationsOf(GraphRoles.TextEncoder, shapes),
            pack.Contract.RunRoles.Where(role => role is GraphRoles.Transformer or GraphRoles.SecondTransformer).Max(role => ActivationsOf(role, shapes)) + (state * ((2 * kept) + shapes.Branches + 4)) + left,
            ActivationsOf(GraphRoles.VaeDecoder, decoded) + (2 * state) + pixels);
    }

    private long WeightsOf(string role) => SessionBytes + (role == GraphRoles.Tokenizer
        ? (long)(TokenizerTables * new FileInfo(pack.PathOfGraph(role)).Length)
        : (long)(PackedWeights * _graphs.Value[role].Graph.Initializers.Sum(tensor => tensor.ByteCount)));

    private long ActivationsOf(string role, PlannedShapes shapes)
    {
        OnnxModel model = _graphs.Value[role];
        GraphContract contract = pack.Contract.FindGraph(role)!;
        IReadOnlyDictionary<string, ImmutableArray<long>> planned = shapes.InputsOf(contract, pack.Contract);
        HashSet<string> present = [.. model.Graph.Inputs.Select(input => input.Name)];
        ShapeBindings bindings = contract.Inputs
            .Where(input => present.Contains(input.FileName) && !planned[input.Name].Contains(0))
            .Aggregate(ShapeBindings.None, (all, input) => all.WithInput(input.FileName, planned[input.Name].AsSpan()));
        return (long)(ArenaGrowth * CostModel.Estimate(model, bindings).Total.PeakActivationBytes);
    }
}
