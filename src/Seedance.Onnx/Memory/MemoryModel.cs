using System.Collections.Concurrent;
using Seedance.Onnx.Costs;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Stages;

namespace Seedance.Onnx.Memory;

/// <summary>Plans the memory of generations with a pack. Safe for several threads.</summary>
/// <param name="pack">The pack.</param>
/// <param name="costs">What its graphs cost.</param>
/// <param name="limit">The most bytes that may be planned; null for no limit.</param>
/// <param name="atOnce">How many generations run at once.</param>
internal sealed class MemoryModel(ModelPack pack, PlannedCosts costs, long? limit = null, int atOnce = 1)
{
    /// <summary>Allocators grow by doubling, and keep what they have until a stage ends.</summary>
    private const double ArenaGrowth = 2;

    /// <summary>A graph's weights are there, and some of them once more in the order that kernels want.</summary>
    private const double PackedWeights = 2;

    /// <summary>A tokenizer's tables lie in attributes of operators that no shape is known of; in memory they are trees and maps.</summary>
    private const double TokenizerTables = 16;

    /// <summary>What a session, its threads and its allocator take for themselves.</summary>
    private const long SessionBytes = 4 << 20;

    private readonly ConcurrentDictionary<(PlannedShapes Shapes, DecodePieces Pieces), MemoryPlan> _plans = [];
    private readonly Lazy<long> _weights = new(() => WeightsOf(pack)), _imageWeights = new(() => pack.Contract.ImageRoles.Sum(role => WeightsOf(pack, role)));
    private readonly Lazy<long> _upscalerWeights = new(() => WeightsOf(pack, GraphRoles.Upscaler));
    private readonly bool _inChunks = ChunkMemory.PastOf(pack.Contract.FindGraph(GraphRoles.VaeDecoder)!).Any();

    /// <summary>What the loaded graphs of a pack take, whatever is asked of them. Composed and fused they have the same weights.</summary>
    /// <exception cref="ModelFileException">A graph cannot be read.</exception>
    public static long WeightsOf(ModelPack pack)
    {
        // A file is read whole, and becomes a graph beside that, before its weights are where they belong.
        long largestFile = pack.Contract.RunRoles.Max(role => new FileInfo(pack.PathOfGraph(role)).Length);
        return (2 * largestFile) + pack.Contract.RunRoles.Sum(role => WeightsOf(pack, role));
    }

    /// <summary>Refuses a pack whose weights alone take more than they may.</summary>
    /// <param name="pack">The pack.</param>
    /// <param name="limit">The most bytes that may be planned; null for no limit.</param>
    /// <exception cref="ExecutionTargetException">They do.</exception>
    public static void RequireRoom(ModelPack pack, long? limit)
    {
        if (limit is { } most && WeightsOf(pack) is var weights && most < weights)
        {
            throw new ExecutionTargetException($"The memory for pack '{pack.Contract.Name}' must be above {MiB(weights)} MiB, which its weights take, but the limit is {MiB(most)} MiB. Raise it.");
        }
    }

    /// <summary>What a plan takes, decoded in the pieces that the limit asks for.</summary>
    /// <exception cref="ModelFileException">A graph cannot be read, or does not take the planned shapes.</exception>
    /// <param name="plan">The plan.</param>
    /// <param name="preview">Whether its first frame is shown meanwhile.</param>
    public MemoryPlan Of(GenerationPlan plan, bool preview = false)
    {
        PlannedShapes shapes = PlannedShapes.Of(plan, pack.Contract);
        MemoryPlan memory = Of(shapes);
        string looks = pack.Contract.FindGraph(GraphRoles.ThinVaeDecoder) is null ? GraphRoles.VaeDecoder : GraphRoles.ThinVaeDecoder;
        // Graphs that this video needs and others do not.
        IEnumerable<string> needed = plan.Transformers.Append(plan.Decoder).Concat(SemanticRoles(plan)).Concat(preview ? [looks] : []).Distinct(StringComparer.Ordinal).Except(pack.Contract.RunRoles, StringComparer.Ordinal);
        return memory with
        {
            WeightBytes = memory.WeightBytes + needed.Sum(role => WeightsOf(pack, role)),
            SemanticBytes = plan.Semantics?.Source is null ? memory.SemanticBytes : ActivationsOf(GraphRoles.SemanticEncoder, shapes),
            PreviewBytes = preview ? ActivationsOf(looks, shapes with { Latents = shapes.Latents with { Frames = 1 } }) : 0,
        };
    }

    /// <summary>In which pieces a clip is decoded: the largest that fit into the limit, or the smallest.</summary>
    public DecodePieces ChoosePieces(GenerationPlan plan) => ChoosePieces(PlannedShapes.Of(plan, pack.Contract));

    /// <summary>Why a plan does not fit, and what would.</summary>
    /// <param name="plan">The plan.</param>
    /// <returns>Null if it fits.</returns>
    public string? FindProblem(GenerationPlan plan)
    {
        PlannedShapes shapes = PlannedShapes.Of(plan, pack.Contract);
        bool Fits(LatentShape latents) => PeakOf(Of(shapes with { Latents = latents, SemanticFrames = shapes.InWindows ? shapes.SemanticFrames : Math.Min(latents.Frames, shapes.SemanticFrames) })) <= limit;
        if (limit is not { } most || Fits(plan.Latents))
        {
            return null;
        }

        LatentGeometry geometry = pack.Contract.Latents;
        int fits = MostThatFits(plan.Latents.Frames - 1, frames => Fits(plan.Latents with { Frames = frames }));
        VideoSize? size = pack.Contract.Video.Sizes
            .Where(smaller => Area(smaller) < Area(plan.Size) && Fits(geometry.LatentsOf(smaller, plan.Frames)))
            .OrderByDescending(Area).Select(smaller => (VideoSize?)smaller).FirstOrDefault();
        string[] ways = [.. new[] { fits > 0 ? $"for {geometry.Frames(fits)} frames" : null, size is { } smallerSize ? $"for {smallerSize}" : null }.OfType<string>()];
        return $"The video must fit into {MiB(most)} MiB of memory{(atOnce > 1 ? $" {atOnce} times" : "")}, but {plan.Frames} frames of {plan.Size} are planned to take {MiB(PeakOf(Of(shapes)))} MiB. "
            + (ways.Length > 0 ? $"Ask {string.Join(" or ", ways)}, or raise the limit." : "Raise the limit.");
    }

    /// <summary>Bytes as whole MiB, rounded up.</summary>
    public static long MiB(long bytes) => (bytes + (1L << 20) - 1) >> 20;

    private IEnumerable<string> Transformers => pack.Contract.RunRoles.Intersect(GraphRoles.Transformers, StringComparer.Ordinal).Except([GraphRoles.SemanticTransformer], StringComparer.Ordinal);

    /// <summary>The graphs that make a plan's semantic tokens.</summary>
    private IEnumerable<string> SemanticRoles(GenerationPlan plan) => pack.Contract.Graphs.Keys.Where(role => plan.Semantics is { } semantics && role switch
    {
        GraphRoles.SemanticTransformer => semantics.Source is null,
        GraphRoles.SemanticEncoder => semantics.Source is not null || !plan.Conditions.IsEmpty || plan.Windows[0].GivenFrames > 0,
        _ => false,
    });

    private static long WeightsOf(ModelPack pack, string role) => SessionBytes + (role == GraphRoles.Tokenizer
        ? (long)(TokenizerTables * new FileInfo(pack.PathOfGraph(role)).Length)
        : (long)(PackedWeights * OnnxModel.Load(pack.PathOfGraph(role)).Graph.Initializers.Sum(tensor => tensor.ByteCount)));

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

    private long PeakOf(MemoryPlan memory) => memory.WeightBytes + (atOnce * memory.WorkingBytes);

    private MemoryPlan Of(PlannedShapes shapes) => Of(shapes, ChoosePieces(shapes));

    private MemoryPlan Of(PlannedShapes shapes, DecodePieces pieces) =>
        _plans.GetOrAdd((shapes, pieces), static (key, model) => model.Estimate(key.Shapes, key.Pieces), this);

    private DecodePieces ChoosePieces(PlannedShapes shapes)
    {
        IEnumerable<DecodePieces> ways = DecodePieces.Of(shapes.Latents, _inChunks);
        if (limit is not { } most)
        {
            return ways.First();
        }

        DecodePieces last = default;
        foreach (DecodePieces pieces in ways)
        {
            last = pieces;
            MemoryPlan memory = Of(shapes, pieces);
            if (memory.WeightBytes + (atOnce * (memory.DecodeBytes + memory.UpscaleBytes)) <= most)
            {
                break;
            }
        }

        return last;
    }

    private MemoryPlan Estimate(PlannedShapes shapes, DecodePieces pieces)
    {
        LatentShape latents = shapes.Latents;
        PlannedShapes piece = shapes with { Latents = latents with { Frames = pieces.Frames, Height = pieces.Height, Width = pieces.Width } };
        long state = sizeof(float) * latents.Length, pixels = 3L * Area(pack.Contract.Latents.SizeOf(latents)) * pack.Contract.Latents.Frames(latents.Frames);
        long piecePixels = 3L * Area(pack.Contract.Latents.SizeOf(piece.Latents)) * pieces.Frames * pack.Contract.Latents.TemporalStride;
        MemoryPlan plan = new(
            _weights.Value,
            ActivationsOf(GraphRoles.TextEncoder, shapes),
            Transformers.Max(role => ActivationsOf(role, shapes)) + (state * ((2 * shapes.Keep) + shapes.Branches + 4)),
            ActivationsOf(GraphRoles.VaeDecoder, piece) + (2 * state) + pixels + piecePixels);

        plan = shapes.Upscale == 1 ? plan : plan with
        {
            WeightBytes = plan.WeightBytes + _upscalerWeights.Value,
            UpscaleBytes = UpscalerActivations(shapes) + (pixels * shapes.Upscale * shapes.Upscale),
        };

        plan = shapes.SemanticFrames == 0 ? plan : plan with { SemanticBytes = SemanticsOf(shapes.OfSemantics(pack.Contract)) };

        // A reader that is slow leaves the frames of one window where they are while the next one is made.
        long waiting = shapes.InWindows ? pixels * shapes.Upscale * shapes.Upscale : 0;
        plan = plan with { DenoiseBytes = plan.DenoiseBytes + waiting, DecodeBytes = plan.DecodeBytes + waiting };
        return shapes.Images == 0 ? plan : plan with { WeightBytes = plan.WeightBytes + _imageWeights.Value, ConditionBytes = ConditionOf(shapes) };
    }

    /// <summary>Images go through the encoders one graph after another, which stay loaded from then on; what comes out is kept for the transformer.</summary>
    private long ConditionOf(PlannedShapes shapes)
    {
        TransformerChannels channels = pack.Contract.TransformerChannels;
        long given = sizeof(float) * (channels.Total - channels.Count(ChannelKind.Noisy)) * (shapes.Latents.Length / shapes.Latents.Channels);
        return given + pack.Contract.ImageRoles.Max(role => ActivationsOf(role, shapes));
    }

    /// <summary>Values inside the semantic transformer, and what its solver keeps.</summary>
    private long SemanticsOf(PlannedShapes shapes)
    {
        LatentGeometry tokens = pack.Contract.Semantics!.Tokens;
        long state = sizeof(float) * tokens.LatentsOf(pack.Contract.Latents.SizeOf(shapes.Latents), pack.Contract.Latents.Frames(shapes.Latents.Frames)).Length;
        return ActivationsOf(GraphRoles.SemanticTransformer, shapes) + (state * ((2 * shapes.Keep) + shapes.Branches + 4));
    }

    /// <summary>The largest tile of a chunk with what lies around it, in the last pass.</summary>
    private long UpscalerActivations(PlannedShapes shapes)
    {
        VideoSize size = pack.Contract.Latents.SizeOf(shapes.Latents);
        int before = shapes.Upscale / pack.Contract.Cascade!.Scale;
        int frames = Math.Min(pack.Contract.Latents.Frames(shapes.Latents.Frames), UpscaleWindow.Chunk + (2 * UpscaleStage.Neighbours));
        int Side(int side) => Math.Min(side * before, UpscaleStage.Tile + (2 * UpscaleStage.Margin));
        return (long)(ArenaGrowth * costs.OfUpscaler(frames, Side(size.Height), Side(size.Width)).PeakActivationBytes);
    }

    private long ActivationsOf(string role, PlannedShapes shapes) => (long)(ArenaGrowth * costs.Of(role, shapes).PeakActivationBytes);
}
