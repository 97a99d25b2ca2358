using System.Collections.Immutable;
using System.Text.Json;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Packs;

/// <summary>Reads seedance.json: types, ranges, and no key that is not known. onnx/pack.schema.json says the same to other tools.</summary>
internal static class ContractReader
{
    public const string FileName = "seedance.json";

    /// <summary>Reads a contract; when problems were added, what comes back is not to be used.</summary>
    public static PackContract Read(JsonElement root, List<string> problems)
    {
        JsonFields fields = new(root, $"{FileName}: $", problems);
        fields.Text("$schema", "a text", _ => true, ifMissing: "");
        fields.Whole("contract", PackContract.CurrentVersion, PackContract.CurrentVersion);
        PackContract contract = new()
        {
            Name = fields.Text("name"),
            Version = fields.Text("version"),
            License = fields.Text("license"),
            Description = fields.Text("description"),
            Latents = ReadLatents(fields.Fields("latents")),
            Video = ReadVideo(fields.Fields("video")),
            Cascade = fields.Has("cascade") ? ReadCascade(fields.Fields("cascade")) : null,
            Sampling = ReadSampling(fields.Fields("sampling")),
            MaxTokens = ReadText(fields.Fields("text"), out int maxShots),
            MaxShots = maxShots,
            MinImages = ReadImages(fields, out int maxImages),
            MaxImages = maxImages,
            TransformerChannels = ReadChannels(fields.FieldsList("transformer_channels")),
            Semantics = fields.Has("semantics") ? ReadSemantics(fields.Fields("semantics")) : null,
            Execution = ExecutionTargetReader.Read(fields, "execution"),
            Graphs = ReadGraphs(fields.Fields("graphs")),
            Files = ReadFiles(fields.Fields("files")),
        };
        fields.Close();
        // A token frame is a latent frame: the first stands alone where that does.
        return contract.Semantics is not { } semantics ? contract
            : contract with { Semantics = semantics with { Tokens = semantics.Tokens with { CausalFirstFrame = contract.Latents.CausalFirstFrame } } };
    }

    private static LatentGeometry ReadLatents(JsonFields fields)
    {
        LatentGeometry latents = ReadGeometry(fields) with { CausalFirstFrame = fields.Flag("causal_first_frame") };
        fields.Close();
        return latents;
    }

    /// <summary>Width and rate of what a network makes of frames.</summary>
    private static LatentGeometry ReadGeometry(JsonFields fields)
    {
        return new LatentGeometry
        {
            Channels = fields.Whole("channels", 1, 1024),
            TemporalStride = fields.Whole("temporal_stride", 1, 64),
            SpatialStride = fields.Whole("spatial_stride", 1, 256),
            CausalFirstFrame = false,
            Mean = fields.List<float>("mean", "numbers", Number),
            Std = fields.List<float>("std", "numbers above 0", item => Number(item) is > 0 and var std ? std : null),
        };

        static float? Number(JsonElement item) =>
            item.ValueKind == JsonValueKind.Number && item.GetSingle() is var number && float.IsFinite(number) ? number : null;
    }

    private static VideoContract ReadVideo(JsonFields fields)
    {
        VideoContract video = new()
        {
            Fps = fields.Whole("fps", 1, 240),
            SizeMultiple = fields.Whole("size_multiple", 1, 1024),
            Sizes = fields.List<VideoSize>("sizes", "sizes such as \"96x64\"", item =>
                item.ValueKind == JsonValueKind.String && VideoSize.TryParse(item.GetString(), out VideoSize size) ? size : null),
            MaxFrames = fields.Whole("max_frames", 1, VideoContract.MostFrames),
            WindowFrames = fields.Has("window_frames") ? fields.Whole("window_frames", 2, VideoContract.MostFrames) : null,
            DefaultFrames = fields.Whole("default_frames", 1, VideoContract.MostFrames),
        };
        fields.Close();
        return video;
    }

    private static CascadeContract ReadCascade(JsonFields fields)
    {
        int scale = fields.Whole("scale", 2, 16);
        JsonFields resolutions = fields.Fields("resolutions");
        ImmutableSortedDictionary<string, int>.Builder times = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        foreach (string name in resolutions.AllKeys())
        {
            times[name] = resolutions.Whole(name, 1, 256);
            if (name is not [>= '1' and <= '9', .. var digits, 'p'] || !digits.All(char.IsAsciiDigit))
            {
                resolutions.Report(name, "named by its lines, such as \"720p\", but is not");
            }
        }

        fields.Close();
        return new CascadeContract { Scale = scale, Resolutions = times.ToImmutable() };
    }

    private static SamplingDefaults ReadSampling(JsonFields fields)
    {
        SamplingDefaults sampling = new()
        {
            Solver = ReadSolver(fields),
            Steps = fields.Whole("steps", 1, 1000),
            Guidance = fields.Number("guidance", 0, 100, orEqual: true),
            BoundaryRatio = fields.Has("boundary_ratio") ? fields.Number("boundary_ratio", above: 0, most: 1) : null,
            SecondGuidance = fields.Has("guidance_2") ? fields.Number("guidance_2", 0, 100, orEqual: true) : null,
            NegativePrompt = fields.Text("negative_prompt", "a text", _ => true, ifMissing: ""),
            Distilled = fields.Has("distilled") ? ReadDistilled(fields.Fields("distilled")) : null,
        };
        fields.Close();
        return sampling;
    }

    private static SamplingSettings ReadDistilled(JsonFields fields)
    {
        SamplingSettings distilled = ReadSettings(fields);
        fields.Close();
        return distilled;
    }

    private static SamplingSettings ReadSettings(JsonFields fields) => new(
        ReadSolver(fields), fields.Whole("steps", 1, 1000), fields.Number("guidance", 0, 100, orEqual: true), fields.Has("shift") ? fields.Number("shift", above: 0, most: 1000) : null);

    private static SemanticsContract ReadSemantics(JsonFields fields)
    {
        SemanticsContract semantics = new()
        {
            Tokens = ReadGeometry(fields),
            TransformerChannels = ReadChannels(fields.FieldsList("transformer_channels")),
            Sampling = ReadSettings(fields),
            Spacing = fields.Text("timestep_spacing", "trailing, or left out", static name => name == "trailing", ifMissing: "") == "trailing" ? ScheduleSpacing.Trailing : null,
            Noise = fields.Number("noise", 0, 1, orEqual: true, ifMissing: 0),
        };
        fields.Close();
        return semantics;
    }

    private static SolverKind ReadSolver(JsonFields fields)
    {
        string solver = fields.Text("solver", $"one of {string.Join(", ", SolverNames.All)}", name => SolverNames.TryParse(name, out _));
        _ = SolverNames.TryParse(solver, out SolverKind kind);
        return kind;
    }

    private static int ReadText(JsonFields fields, out int maxShots)
    {
        int maxTokens = fields.Whole("max_tokens", 1, 1_000_000);
        maxShots = fields.Whole("max_shots", 1, 64, ifMissing: 1);
        fields.Close();
        return maxTokens;
    }

    private static int ReadImages(JsonFields root, out int maxImages)
    {
        maxImages = PackContract.MostImages;
        if (!root.Has("images"))
        {
            return 0;
        }

        JsonFields fields = root.Fields("images");
        int minImages = fields.Whole("min", 0, PackContract.MostImages, ifMissing: 0);
        maxImages = fields.Whole("max", 1, PackContract.MostImages, ifMissing: PackContract.MostImages);
        fields.Close();
        return minImages;
    }

    private static TransformerChannels ReadChannels(ImmutableArray<JsonFields> items)
    {
        return new TransformerChannels([.. items.Select(ReadGroup)]);

        static ChannelGroup ReadGroup(JsonFields fields)
        {
            string[] names = [.. Enum.GetNames<ChannelKind>().Select(name => name.ToLowerInvariant())];
            string kind = fields.Text("kind", $"one of {string.Join(", ", names)}", names.Contains);
            int channels = fields.Whole("channels", 1, 4096);
            AbsentFrames absent = fields.Choice("absent", Enum.GetValues<AbsentFrames>(), value => value.ToString().ToLowerInvariant(), AbsentFrames.Zeros);
            fields.Close();
            return new ChannelGroup((ChannelKind)Math.Max(Array.IndexOf(names, kind), 0), channels, absent);
        }
    }

    private static ImmutableSortedDictionary<string, GraphContract> ReadGraphs(JsonFields fields)
    {
        ImmutableSortedDictionary<string, GraphContract>.Builder graphs = ImmutableSortedDictionary.CreateBuilder<string, GraphContract>(StringComparer.Ordinal);
        ImmutableArray<string> present = fields.AllKeys();
        foreach (string role in present.Except(GraphRoles.All))
        {
            fields.Report(role, $"a known graph, but is not. Remove it, or write one of: {string.Join(", ", GraphRoles.All)}");
        }

        foreach (string role in present.Intersect(GraphRoles.All).Union(GraphRoles.Required))
        {
            JsonFields graph = fields.Fields(role);
            graphs[role] = new GraphContract
            {
                Role = role,
                File = graph.Text("file", PackFolder.PathRule, PackFolder.IsRelativePath),
                Inputs = ReadTensors(graph.Fields("inputs")),
                Outputs = ReadTensors(graph.Fields("outputs")),
            };
            graph.Close();
        }

        return graphs.ToImmutable();
    }

    private static ImmutableArray<TensorContract> ReadTensors(JsonFields fields)
    {
        return [.. fields.AllKeys().Select(ReadTensor)];

        TensorContract ReadTensor(string name)
        {
            JsonFields tensor = fields.Fields(name);
            string type = tensor.Text("type", $"one of {string.Join(", ", ElementTypeNames.All)}", text => ElementTypeNames.TryParse(text, out _));
            _ = ElementTypeNames.TryParse(type, out ElementType elementType);
            TensorContract contract = new()
            {
                Name = name,
                FileName = tensor.Text("name", ifMissing: name),
                ElementType = elementType,
                Axes = tensor.List("shape", "lengths above 0 and letters for free axes", ReadAxis),
                Optional = tensor.Flag("optional", ifMissing: false),
            };
            tensor.Close();
            return contract;
        }
    }

    private static TensorAxis? ReadAxis(JsonElement item) => item.ValueKind switch
    {
        JsonValueKind.Number when item.TryGetInt32(out int length) && length > 0 => TensorAxis.Fixed(length),
        JsonValueKind.String when IsAxisLetter(item.GetString()!) => TensorAxis.Free(item.GetString()!),
        _ => null,
    };

    private static ImmutableSortedDictionary<string, string> ReadFiles(JsonFields fields)
    {
        ImmutableSortedDictionary<string, string>.Builder files = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (string file in fields.AllKeys())
        {
            files[file] = fields.Text(file, "64 hexadecimal digits in lower case", IsSha256);
            if (!PackFolder.IsRelativePath(file) || file == FileName)
            {
                fields.Report(file, $"about {PackFolder.PathRule} other than {FileName}, but is not");
            }
        }

        return files.ToImmutable();
    }

    private static bool IsAxisLetter(string text) =>
        text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static bool IsSha256(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);
}
