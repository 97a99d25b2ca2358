using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Seedance.Onnx.Execution;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Core.Tests.Packs;

/// <summary>onnx/pack.schema.json and the reader must say the same.</summary>
[Trait("Tier", "Unit")]
public sealed class PackSchemaTests
{
    private static readonly JsonObject Schema = JsonNode.Parse(File.ReadAllText(RepositoryFolder.PathOf("onnx", "pack.schema.json")))!.AsObject();

    /// <summary>Every kind of object in a contract: where the schema describes it, and where mini.json has one.</summary>
    public static TheoryData<string, string> Objects => new()
    {
        { "", "" },
        { "properties/latents", "latents" },
        { "properties/video", "video" },
        { "properties/sampling", "sampling" },
        { "properties/text", "text" },
        { "properties/images", "images" },
        { "properties/transformer_channels/items", "transformer_channels.0" },
        { "$defs/execution", "execution" },
        { "$defs/graph_execution", "execution.graphs.vae_decoder" },
        { "$defs/cuda", "execution.cuda" },
        { "$defs/tensorrt", "execution.tensorrt" },
        { "$defs/graph", "graphs.transformer" },
        { "$defs/tensor", "graphs.transformer.inputs.timestep" },
    };

    [Theory, MemberData(nameof(Objects))]
    public void Properties_OfEveryObject_AreTheKeysThatTheReaderKnows(string schemaPath, string path)
    {
        JsonObject schema = At(schemaPath);

        string problem = Assert.Single(ContractReaderTests.Problems(contract => ContractReaderTests.Set(contract, $"{path}.zzz".TrimStart('.'), 1)));

        string[] known = problem.Split("write one of: ")[1].TrimEnd('.').Split(", ");
        Assert.Equal(schema["properties"]!.AsObject().Select(property => property.Key).Order(), known.Order());
        Assert.False(schema["additionalProperties"]!.GetValue<bool>());
    }

    [Theory, MemberData(nameof(Objects))]
    public void Required_OfEveryObject_AreTheKeysThatTheReaderMisses(string schemaPath, string path)
    {
        JsonObject schema = At(schemaPath);
        string[] properties = [.. schema["properties"]!.AsObject().Select(property => property.Key)];

        string[] missed = [.. properties.Where(key => ContractReaderTests
            .Problems(contract => Remove(contract, path, key))
            .Any(problem => problem.EndsWith("but is missing.", StringComparison.Ordinal)))];

        Assert.Equal(Texts(schema["required"]), missed.Order());
    }

    [Fact]
    public void Names_OfTheSchema_AreTheRuntimes()
    {
        Assert.Equal(GraphRoles.All.Order(), At("properties/graphs/properties").Select(property => property.Key).Order());
        Assert.Equal(GraphRoles.Required.Order(), Texts(At("properties/graphs")["required"]));
        Assert.Equal(SolverNames.All.Order(), Texts(At("properties/sampling/properties/solver")["enum"]));
        Assert.Equal(ElementTypeNames.All.Order(), Texts(At("$defs/tensor/properties/type")["enum"]));
        Assert.Equal(GraphRoles.All.Order(), Texts(At("$defs/execution/properties/graphs/propertyNames")["enum"]));
        Assert.Equal(ComputePrecisionNames.All.Order(), Texts(At("$defs/execution/properties/precision")["enum"]));
        JsonArray providers = At("$defs/execution/properties/providers")["anyOf"]!.AsArray();
        Assert.Equal(ExecutionTarget.Names.Order(), Texts(providers[0]!["enum"]));
        Assert.Equal(ExecutionProviderNames.All.Order(), Texts(providers[1]!["items"]!["enum"]));
        Assert.Equal(Enum.GetNames<ChannelKind>().Select(name => name.ToLowerInvariant()).Order(), Texts(At("properties/transformer_channels/items/properties/kind")["enum"]));
        Assert.Equal(Enum.GetNames<AbsentFrames>().Select(name => name.ToLowerInvariant()).Order(), Texts(At("properties/transformer_channels/items/properties/absent")["enum"]));
        Assert.Equal(PackContract.CurrentVersion, At("properties/contract")["const"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("latents", "channels", 1, 1024), InlineData("latents", "temporal_stride", 1, 64), InlineData("latents", "spatial_stride", 1, 256)]
    [InlineData("video", "fps", 1, 240), InlineData("video", "size_multiple", 1, 1024)]
    [InlineData("video", "max_frames", 1, 1_000_000), InlineData("video", "default_frames", 1, 1_000_000), InlineData("video", "window_frames", 2, 1_000_000)]
    [InlineData("sampling", "steps", 1, 1000), InlineData("text", "max_tokens", 1, 1_000_000)]
    [InlineData("images", "min", 0, PackContract.MostImages), InlineData("images", "max", 1, PackContract.MostImages)]
    public void Ranges_OfTheSchema_AreTheReaders(string parent, string key, int least, int most)
    {
        JsonObject schema = At($"properties/{parent}/properties/{key}");

        string problem = ContractReaderTests.Problems(contract => contract[parent]![key] = most + 1).First(text => text.Contains($"$.{parent}.{key} must be a whole"));

        Assert.EndsWith($"a whole number from {least} to {most}, but is {most + 1}.", problem);
        Assert.Equal((least, most), (schema["minimum"]!.GetValue<int>(), schema["maximum"]!.GetValue<int>()));
    }

    [Fact]
    public void Semantics_OfTheSchema_AreWhatTheReaderKnowsAndMisses()
    {
        JsonObject schema = At("properties/semantics");

        IReadOnlyList<string> problems = ContractReaderTests.Problems(contract => contract["semantics"] = JsonNode.Parse("""{ "zzz": 1 }"""));

        string[] known = problems.Single(problem => problem.Contains("semantics.zzz", StringComparison.Ordinal)).Split("write one of: ")[1].TrimEnd('.').Split(", ");
        Assert.Equal(schema["properties"]!.AsObject().Select(property => property.Key).Order(), known.Order());
        string[] missed = [.. known.Where(key => problems.Any(problem => problem.StartsWith($"seedance.json: $.semantics.{key} must", StringComparison.Ordinal) && problem.EndsWith("but is missing.", StringComparison.Ordinal)))];
        Assert.Equal(Texts(schema["required"]), missed.Order());
        Assert.Equal(SolverNames.All.Order(), Texts(schema["properties"]!["solver"]!["enum"]));
    }

    [Theory]
    [InlineData("model.onnx"), InlineData("a/b.onnx"), InlineData("a/..b"), InlineData("...")]
    [InlineData(""), InlineData("/a"), InlineData("a/"), InlineData("a//b"), InlineData("."), InlineData("a/./b"), InlineData("../a"), InlineData("a/.."), InlineData("a\\b"), InlineData("c:a"), InlineData("a\tb")]
    public void PathPattern_OfTheSchema_AgreesWithTheReader(string path)
    {
        string pattern = At("$defs/path")["pattern"]!.GetValue<string>();

        Assert.Equal(PackFolder.IsRelativePath(path), Regex.IsMatch(path, pattern));
    }

    private static JsonObject At(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Aggregate(Schema, (node, key) => node[key]!.AsObject());

    private static IEnumerable<string> Texts(JsonNode? array) => array!.AsArray().Select(item => item!.GetValue<string>()).Order();

    private static void Remove(JsonObject contract, string path, string key)
    {
        JsonNode parent = path.Split('.', StringSplitOptions.RemoveEmptyEntries)
            .Aggregate((JsonNode)contract, (node, part) => node is JsonArray array ? array[int.Parse(part)]! : node[part]!);
        parent.AsObject().Remove(key);
    }
}
