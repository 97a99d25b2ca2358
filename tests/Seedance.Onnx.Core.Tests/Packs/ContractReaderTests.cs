using System.Text.Json;
using System.Text.Json.Nodes;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Core.Tests.Packs;

[Trait("Tier", "Unit")]
public sealed class ContractReaderTests
{
    [Fact]
    public void Read_UnknownKeysAnywhere_ReportsEachWithItsPath()
    {
        IReadOnlyList<string> problems = Problems(contract =>
        {
            contract["fps"] = 8;
            contract["latents"]!["scale"] = 1;
            contract["transformer_channels"]![1]!["size"] = 1;
            contract["graphs"]!["upsampler"] = new JsonObject();
            contract["graphs"]!["transformer"]!["inputs"]!["timestep"]!["dtype"] = "float32";
        });

        string[] paths = [.. problems.Where(problem => problem.Contains(" but is not. Remove it")).Select(problem => problem.Split(' ')[1])];
        Assert.Equal(5, problems.Count);
        Assert.Equal(
            ["$.latents.scale", "$.transformer_channels[1].size", "$.graphs.upsampler", "$.graphs.transformer.inputs.timestep.dtype", "$.fps"], paths);
        Assert.EndsWith("must be a known key, but is not. Remove it, or write one of: kind, channels, absent.", problems[1]);
    }

    [Fact]
    public void Read_ManyMistakes_ReportsThemAllAtOnce()
    {
        IReadOnlyList<string> problems = Problems(contract =>
        {
            contract.Remove("license");
            contract["name"] = 7;
            contract["latents"]!["channels"] = "four";
            contract["video"] = new JsonArray();
            contract["sampling"]!["solver"] = "euler a";
            contract["text"]!["max_tokens"] = 0;
        });

        Assert.Equal(
            [
                "seedance.json: $.name must be a text that is not empty, but is 7.",
                "seedance.json: $.license must be a text that is not empty, but is missing.",
                "seedance.json: $.latents.channels must be a whole number from 1 to 1024, but is \"four\".",
                "seedance.json: $.video must be an object, but is [].",
                "seedance.json: $.sampling.solver must be one of euler, heun, unipc, dpm++, lcm, but is \"euler a\".",
                "seedance.json: $.text.max_tokens must be a whole number from 1 to 1000000, but is 0.",
            ],
            problems);
    }

    [Fact]
    public void Open_DecoderWithMemory_RemembersEachTensorAsItTookIt()
    {
        JsonObject memory = new() { ["type"] = "float32", ["shape"] = new JsonArray("B", 8, 2, "h", "w") };

        JsonObject unbound = new() { ["type"] = "float32", ["shape"] = new JsonArray("B", 8, 2, "h", "W") };

        using PackFolderFixture right = new(change: contract => SetMemory(contract, memory, memory));
        using PackFolderFixture forgetful = new(change: contract => SetMemory(contract, memory, null));
        using PackFolderFixture unequal = new(change: contract => SetMemory(contract, unbound, memory));

        Assert.Single(ChunkMemory.PastOf(right.Open().Contract.FindGraph(GraphRoles.VaeDecoder)!));
        Assert.Equal(
            ["seedance.json: $.graphs.vae_decoder.outputs.present_0 must be float32 [B, 8, 2, h, w], as inputs.past_0 is, but is missing.",
             "seedance.json: $.graphs.vae_decoder must have as many outputs present_N as inputs past_N, but has 0 and 1."],
            forgetful.Problems());
        Assert.Equal(
            ["seedance.json: $.graphs.vae_decoder.outputs.present_0 must be float32 [B, 8, 2, h, W], as inputs.past_0 is, but is float32 [B, 8, 2, h, w].",
             "seedance.json: $.graphs.vae_decoder.inputs.past_0 must have axes that latent_sample has, or fixed ones, but has 'W'. Fold it to the latents' height and width."],
            unequal.Problems());
    }

    [Fact]
    public void Open_TwoExperts_AreCalledAlike()
    {
        using PackFolderFixture right = new("wan", contract => SetSecondTransformer(contract, inputs => { }));
        using PackFolderFixture unequal = new("wan", contract => SetSecondTransformer(contract, inputs => inputs["timestep"]!["type"] = "float16"));

        PackContract contract = right.Open().Contract;

        Assert.Equal((0.875, 3), (contract.Sampling.BoundaryRatio, contract.Sampling.SecondGuidance));
        Assert.Equal(["tokenizer", "text_encoder", "transformer", "transformer_2", "vae_decoder"], contract.RunRoles);
        Assert.Equal(
            "seedance.json: $.graphs.transformer_2 must have the tensors of transformer, but has others: timestep float32 [B], timestep float16 [B].",
            Assert.Single(unequal.Problems()));
    }

    [Fact]
    public void Open_ImagesThatDoNotFitTogether_ReportsAllOfIt()
    {
        using PackFolderFixture unequal = new("wan", contract =>
        {
            contract["images"] = new JsonObject { ["max"] = 2 };
            contract["graphs"]!["image_encoder"]!["inputs"]!["pixel_values"]!["shape"] = new JsonArray("B", 3, 224, "W");
            contract["graphs"]!["transformer"]!["inputs"]!["encoder_hidden_states_image"]!["shape"] = new JsonArray("B", 514, 1024);
        });
        using PackFolderFixture lacking = new("wan", contract =>
        {
            _ = contract["graphs"]!.AsObject().Remove("image_encoder");
            _ = contract["graphs"]!.AsObject().Remove("vae_encoder");
        });

        Assert.Equal(
            ["seedance.json: $.images.min must be at least 1 with a transformer that takes 'encoder_hidden_states_image', but is 0.",
             "seedance.json: $.graphs.image_encoder.inputs.pixel_values must have letters for batch, height and width, as it gets images of the video's size, but has 224. Resize inside the graph.",
             "seedance.json: $.graphs.transformer.inputs.encoder_hidden_states_image.shape[2] must be 1280, as the image encoder's features have, but is 1024.",
             "seedance.json: $.graphs.transformer.inputs.encoder_hidden_states_image.shape[1] must be 257 for each image, of which there are 0 to 2 by images, but is 514. Correct one of both, or write a letter."],
            unequal.Problems());
        Assert.Equal(
            ["seedance.json: $.images.min must be 0 without a graph vae_encoder and channels of kind condition, but is 1.",
             "seedance.json: $.graphs.image_encoder must be there with a transformer that takes 'encoder_hidden_states_image', but is missing. Add it."],
            lacking.Problems());
    }

    [Fact]
    public void Open_Cascade_FitsTheUpscaler()
    {
        const string Cascade = """{ "scale": 2, "resolutions": { "480p": 1, "1080p": 3, "large": 2 } }""";
        JsonObject upscaler = JsonNode.Parse("""
            { "file": "vae_decoder/model.onnx",
              "inputs": { "sample": { "type": "float32", "shape": ["B", 3, "F", "H", "W"] } }, "outputs": { "upscaled": { "type": "float32", "shape": ["B", 3, "F", "nH", "nW"] } } }
            """)!.AsObject();
        using PackFolderFixture right = new(change: contract =>
        {
            contract["graphs"]!["upscaler"] = upscaler.DeepClone();
            contract["cascade"] = JsonNode.Parse("""{ "scale": 2, "resolutions": { "480p": 1, "720p": 2, "1080p": 4 } }""");
        });

        IReadOnlyList<string> problems = Problems(contract => contract["cascade"] = JsonNode.Parse(Cascade)), unknown = Problems(contract => contract["cascade"] = JsonNode.Parse("""{ "scale": 1, "zzz": 2 }"""));

        CascadeContract cascade = right.Open().Contract.Cascade!;
        Assert.Equal((2, 2, 0, 1, 2, null), (cascade.Scale, cascade.Resolutions["720p"], cascade.PassesTo(1), cascade.PassesTo(2), cascade.PassesTo(4), cascade.PassesTo(8)));
        Assert.Equal(["seedance.json: $.cascade.resolutions.large must be named by its lines, such as \"720p\", but is not."], problems);
        Assert.Equal(
            [
                "seedance.json: $.cascade.scale must be a whole number from 2 to 16, but is 1.", "seedance.json: $.cascade.resolutions must be an object, but is missing.",
                "seedance.json: $.cascade.zzz must be a known key, but is not. Remove it, or write one of: scale, resolutions.",
            ],
            unknown);
    }

    [Fact]
    public void Open_CascadeThatDoesNotFit_IsToldWithItsReasons()
    {
        using PackFolderFixture fixture = new(change: contract => contract["cascade"] = JsonNode.Parse("""{ "scale": 2, "resolutions": { "480p": 1, "1080p": 3 } }"""));

        Assert.Equal(
            [
                "seedance.json: $.cascade must be left out without a graph upscaler, but is there. Remove it, or add the graph.",
                "seedance.json: $.cascade.resolutions['1080p'] must be 1, 2 or 4, as the scale has it, but is 3.",
            ],
            fixture.Problems());
    }

    /// <summary>Makes a pair of experts of a contract, as Wan 2.2 has one.</summary>
    internal static void SetSecondTransformer(JsonObject contract, Action<JsonObject> changeInputs)
    {
        JsonObject second = contract["graphs"]!["transformer"]!.DeepClone().AsObject();
        changeInputs(second["inputs"]!.AsObject());
        contract["graphs"]!["transformer_2"] = second;
        contract["sampling"]!["boundary_ratio"] = 0.875;
        contract["sampling"]!["guidance_2"] = 3;
    }

    private static void SetMemory(JsonNode contract, JsonObject past, JsonObject? present)
    {
        JsonNode decoder = contract["graphs"]!["vae_decoder"]!;
        decoder["inputs"]!["past_0"] = past.DeepClone();
        if (present is not null)
        {
            decoder["outputs"]!["present_0"] = present.DeepClone();
        }
    }

    public static TheoryData<string, string, string> SingleMistakes => new()
    {
        { "contract", "2", "$.contract must be 1, but is 2." },
        { "name", "\"\"", "$.name must be a text that is not empty, but is \"\"." },
        { "latents.std", "[1, 1, 1, 0]", "$.latents.std[3] must be numbers above 0, but is 0." },
        { "latents.causal_first_frame", "1", "$.latents.causal_first_frame must be true or false, but is 1." },
        { "video.fps", "7.5", "$.video.fps must be a whole number from 1 to 240, but is 7.5." },
        { "video.sizes", "[\"96*64\"]", "$.video.sizes[0] must be sizes such as \"96x64\", but is \"96*64\"." },
        { "video.sizes", "[]", "$.video.sizes must be a list of sizes such as \"96x64\", at least one, but is []." },
        { "sampling.guidance", "-1", "$.sampling.guidance must be a number from 0 to 100, but is -1." },
        { "sampling.steps", "1001", "$.sampling.steps must be a whole number from 1 to 1000, but is 1001." },
        { "sampling.negative_prompt", "null", "$.sampling.negative_prompt must be a text, but is null." },
        { "transformer_channels", "[]", "$.transformer_channels must be a list of objects, at least one, but is []." },
        { "transformer_channels.0.kind", "\"noise\"", "$.transformer_channels[0].kind must be one of noisy, mask, condition, but is \"noise\"." },
        { "transformer_channels.2.absent", "\"gray\"", "$.transformer_channels[2].absent must be one of zeros, grey, but is \"gray\"." },
        { "sampling.boundary_ratio", "0", "$.sampling.boundary_ratio must be a number above 0 and up to 1, but is 0." },
        { "sampling.guidance_2", "101", "$.sampling.guidance_2 must be a number from 0 to 100, but is 101." },
        { "graphs.transformer.inputs.timestep.type", "\"float\"", "$.graphs.transformer.inputs.timestep.type must be one of float32, float16, bfloat16, float64, int64, int32, int8, uint8, bool, string, but is \"float\"." },
        { "graphs.transformer.inputs.timestep.shape", "[0]", "$.graphs.transformer.inputs.timestep.shape[0] must be lengths above 0 and letters for free axes, but is 0." },
        { "graphs.transformer.inputs.timestep.shape", "[\"1B\"]", "$.graphs.transformer.inputs.timestep.shape[0] must be lengths above 0 and letters for free axes, but is \"1B\"." },
        { "graphs.transformer.inputs.timestep.optional", "\"yes\"", "$.graphs.transformer.inputs.timestep.optional must be true or false, but is \"yes\"." },
    };

    [Theory, MemberData(nameof(SingleMistakes))]
    public void Read_OneMistake_ReportsPathRuleAndValue(string path, string json, string expected)
    {
        IReadOnlyList<string> problems = Problems(contract => Set(contract, path, JsonNode.Parse(json)));

        Assert.Equal($"seedance.json: {expected}", Assert.Single(problems));
    }

    public static TheoryData<string, string?, string> Misfits => new()
    {
        { "latents.mean", "[1]", "$.latents.mean must have one number for each of the 4 channels, but has 1." },
        { "video.size_multiple", "12", "$.video.size_multiple must be a multiple of the spatial stride 8, but is 12." },
        { "video.sizes", "[\"96x72\"]", "$.video.sizes must have sizes in multiples of 16, but has 96x72." },
        { "video.max_frames", "40", "$.video.max_frames must be 1 + a multiple of 4, but is 40." },
        { "video.window_frames", "16", "$.video.window_frames must be 1 + a multiple of 4, up to max_frames 41, but is 16." },
        { "video.window_frames", "45", "$.video.window_frames must be 1 + a multiple of 4, up to max_frames 41, but is 45." },
        { "video.default_frames", "45", "$.video.default_frames must be at most max_frames 41, but is 45." },
        { "transformer_channels.0.channels", "5", "$.transformer_channels must have 4 channels of kind noisy, as the latents have, but has 5." },
        { "transformer_channels.0.kind", "\"mask\"", "$.transformer_channels must have one group of kind noisy, but has 0." },
        { "graphs.transformer.inputs.hidden_states.shape.1", "10", "$.graphs.transformer.inputs.hidden_states.shape[1] must be 9 channels, but is 10." },
        { "graphs.vae_encoder.outputs.latent_parameters.shape.1", "4", "$.graphs.vae_encoder.outputs.latent_parameters.shape[1] must be 8 channels, but is 4." },
        { "graphs.transformer.inputs.timestep", null, "$.graphs.transformer.inputs.timestep must be floating-point with 1 axis, but is missing." },
        { "graphs.transformer.inputs.timestep.shape", "[\"B\", 1]", "$.graphs.transformer.inputs.timestep must be floating-point with 1 axis, but is float32 [B, 1]." },
        { "graphs.tokenizer.outputs.input_ids.type", "\"int32\"", "$.graphs.tokenizer.outputs.input_ids must be int64 with 2 axes, but is int32 [N, S]." },
        { "graphs.vae_decoder.inputs.latents", "{ \"type\": \"float32\", \"shape\": [\"B\"] }", "$.graphs.vae_decoder.inputs.latents must be a known tensor, but is not. Remove it, or write one of: latent_sample, past_0." },
        { "graphs.text_encoder.inputs.input_ids.name", "\"attention_mask\"", "$.graphs.text_encoder.inputs must name each tensor of the file once, but has 'attention_mask' more often." },
        { "sampling.boundary_ratio", "0.9", "$.sampling.boundary_ratio must be there exactly with a graph transformer_2, but one of both is missing. Add it, or remove the other." },
        { "sampling.guidance_2", "3", "$.sampling.guidance_2 must be left out without boundary_ratio, but is 3. Remove it." },
        { "transformer_channels.1.absent", "\"grey\"", "$.transformer_channels must say what absent frames are of kind condition only, but does so of mask. Remove the key." },
        { "transformer_channels.1.channels", "3", "$.transformer_channels must have 1 channel of kind mask, or 4, one for each frame of a latent frame's group, but has 3." },
        { "images", "{ \"min\": 3, \"max\": 2 }", "$.images.min must be at most max 2, but is 3." },
        { "files.scheduler/scheduler_config~json", null, "$.files must list 'scheduler/scheduler_config.json', but does not. Add it with its sha256." },
        { "files.transformer/model~onnx", null, "$.files must list 'transformer/model.onnx', but does not. Add it with its sha256." },
    };

    [Theory, MemberData(nameof(Misfits))]
    public void Open_PartsThatDoNotFit_ReportsWhichAndWhy(string path, string? json, string expected)
    {
        using PackFolderFixture fixture = new(change: contract => Set(contract, path, json is null ? null : JsonNode.Parse(json)));

        Assert.Contains($"seedance.json: {expected}", fixture.Problems());
    }

    [Fact]
    public void Read_TheContractItself_MayNotBeListed()
    {
        IReadOnlyList<string> problems = Problems(contract => contract["files"]!["seedance.json"] = new string('0', 64));

        Assert.StartsWith("seedance.json: $.files['seedance.json'] must be about", Assert.Single(problems));
    }

    [Theory, InlineData("ABCDEF"), InlineData(""), InlineData("upper")]
    public void Read_AHashThatIsNone_IsRefused(string hash)
    {
        string text = hash == "upper" ? new string('A', 64) : hash;

        Assert.Contains("must be 64 hexadecimal digits in lower case", Assert.Single(Problems(contract => contract["files"]!["a.onnx"] = text)));
    }

    [Theory, InlineData("[]"), InlineData("7"), InlineData("null")]
    public void Read_NoObject_IsOneProblem(string json)
    {
        List<string> problems = [];
        using JsonDocument document = JsonDocument.Parse(json);

        _ = ContractReader.Read(document.RootElement, problems);

        Assert.Equal($"seedance.json: $ must be an object, but is {json}.", Assert.Single(problems));
    }

    [Fact]
    public void Read_AnEmptyObject_AsksForEveryRequiredKeyOnce()
    {
        List<string> problems = [];
        using JsonDocument document = JsonDocument.Parse("{}");

        _ = ContractReader.Read(document.RootElement, problems);

        Assert.Equal(12, problems.Count);
        Assert.All(problems, problem => Assert.EndsWith("but is missing.", problem));
    }

    /// <summary>Sets, or with null removes, what a path such as "graphs.transformer.file" leads to; "~" stands for a dot in a key.</summary>
    internal static void Set(JsonObject contract, string path, JsonNode? value)
    {
        string[] keys = [.. path.Split('.').Select(key => key.Replace('~', '.'))];
        JsonNode parent = keys[..^1].Aggregate((JsonNode)contract, (node, key) => node is JsonArray array ? array[int.Parse(key)]! : node[key]!);
        if (parent is JsonArray list)
        {
            list[int.Parse(keys[^1])] = value;
        }
        else if (value is null && path != "sampling.negative_prompt")
        {
            parent.AsObject().Remove(keys[^1]);
        }
        else
        {
            parent[keys[^1]] = value;
        }
    }

    internal static IReadOnlyList<string> Problems(Action<JsonObject> change)
    {
        JsonObject contract = PackFolderFixture.ReadJson("mini.json");
        change(contract);
        List<string> problems = [];
        using JsonDocument document = JsonDocument.Parse(contract.ToJsonString());
        _ = ContractReader.Read(document.RootElement, problems);
        return problems;
    }
}
