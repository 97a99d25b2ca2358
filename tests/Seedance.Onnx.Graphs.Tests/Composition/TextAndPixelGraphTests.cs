using Seedance.Onnx.Graphs.Composition;
using Seedance.Onnx.Graphs.Optimization;
using Seedance.Onnx.Graphs.Tests.Running;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Composition;

[Trait("Tier", "Graph")]
public sealed class TextAndPixelGraphTests
{
    [Fact]
    public void ComposeText_TinyPack_IsTokenizerAndEncoder()
    {
        OnnxModel tokenizer = Load("tokenizer"), encoder = Load("text_encoder");
        Dictionary<string, OnnxTensor> text = new(StringComparer.Ordinal) { ["text"] = OnnxTensor.FromText("", ["a red ball", "two blue birds fly"], 2) };

        OnnxModel composed = TextGraph.Compose(tokenizer, encoder);

        IReadOnlyDictionary<string, OnnxTensor> tokens = OnnxRun.Run(tokenizer, text);
        IReadOnlyDictionary<string, OnnxTensor> features = OnnxRun.Run(encoder, tokens.Where(entry => encoder.Graph.Inputs.Any(input => input.Name == entry.Key)).ToDictionary(StringComparer.Ordinal));
        IReadOnlyDictionary<string, OnnxTensor> actual = OnnxRun.Run(composed, text);
        Assert.Equal(["text"], composed.Graph.RequiredInputs.Select(input => input.Name));
        TensorAssert.Close(features["last_hidden_state"], actual["last_hidden_state"], Tolerance.Exact);
        TensorAssert.Close(tokens["attention_mask"], actual["attention_mask"], Tolerance.Exact);
        TensorAssert.Close(tokens["input_ids"], actual["input_ids"], Tolerance.Exact);
    }

    [Fact]
    public void ComposeText_InputThatIsAlwaysZero_IsMadeInside()
    {
        OnnxModel tokenizer = Load("tokenizer");
        OnnxModel encoder = TinyModels.Build(g =>
        {
            g.Input("input_ids", OnnxElementType.Int64, "B", "S");
            g.Input("shot_ids", OnnxElementType.Int64, "B", "S");
            string sum = g.Add("Cast", [g.Add("Sub", ["input_ids", "shot_ids"])], OnnxAttribute.Create("to", 1));
            g.Output(g.Rename(sum, "last_hidden_state"), OnnxElementType.Float32, "B", "S");
        });
        Dictionary<string, OnnxTensor> text = new(StringComparer.Ordinal) { ["text"] = OnnxTensor.FromText("", ["a red ball"], 1) };

        OnnxModel asked = TextGraph.Compose(tokenizer, encoder), made = TextGraph.Compose(tokenizer, encoder, new TextGraphOptions { ZeroInputs = ["shot_ids"] });

        Assert.Equal(["text", "shot_ids"], asked.Graph.RequiredInputs.Select(input => input.Name));
        IReadOnlyDictionary<string, OnnxTensor> actual = OnnxRun.Run(made, text);
        Assert.Equal(actual["input_ids"].ToArray<long>().Select(id => (float)id), actual["last_hidden_state"].ToArray<float>());
    }

    [Theory, InlineData(false), InlineData(true)]
    public void ComposePixels_TinyPack_RoundsTheDecodersFrames(bool optimized)
    {
        OnnxModel decoder = Load("vae_decoder");
        float[] mean = [0.1f, -0.2f, 0.3f, 0], deviation = [1, 2, 0.5f, 3];
        OnnxTensor latents = Numbers.Tensor(3, 1, 4, 3, 4, 6), past = Numbers.Tensor(5, 1, 4, 1, 4, 6);

        OnnxModel pixels = PixelGraph.Compose(decoder, new PixelGraphOptions { Mean = [.. mean], StandardDeviation = [.. deviation] });
        if (optimized)
        {
            GraphOptimizer.Optimize(pixels, new OptimizationOptions());
        }

        IReadOnlyDictionary<string, OnnxTensor> made = OnnxRun.Run(pixels, Feed(("latents", latents), ("past_0", past)));
        OnnxTensor actual = made["frames"];
        float[] scaled = [.. latents.ToArray<float>().Select((z, i) => (z * deviation[i / 72]) + mean[i / 72])];
        IReadOnlyDictionary<string, OnnxTensor> decoded = OnnxRun.Run(decoder, Feed(("latent_sample", OnnxTensor.Create<float>("", scaled, 1, 4, 3, 4, 6)), ("past_0", past)));
        OnnxTensor sample = decoded["sample"];
        (int frames, int height, int width) = ((int)sample.Dimensions[2], (int)sample.Dimensions[3], (int)sample.Dimensions[4]);
        Assert.Equal<long>([frames, height, width, 3], actual.Dimensions);
        AssertBytes(sample.ToArray<float>(), actual.ToArray<byte>(), frames, height * width);
        Assert.Equal(decoded["present_0"].ToArray<float>(), made["present_0"].ToArray<float>());
    }

    [Theory, InlineData(true), InlineData(false)]
    public void ComposePixels_WithUpscaler_IsTwiceAsLarge(bool framesFirst)
    {
        OnnxModel upscaler = TinyModels.Build(g =>
        {
            g.Input("x", OnnxElementType.Float32, framesFirst ? ["F", 3, "H", "W"] : [1, 3, "F", "H", "W"]);
            string scales = g.Constant<float>("scales", framesFirst ? [1, 1, 2, 2] : [1, 1, 1, 2, 2], framesFirst ? 4 : 5);
            g.Output(g.Rename(g.Add("Resize", ["x", "", scales], OnnxAttribute.Create("mode", "nearest")), "y"), OnnxElementType.Float32, framesFirst ? ["F", 3, "H2", "W2"] : [1, 3, "F", "H2", "W2"]);
        });
        PixelGraphOptions options = new() { Mean = [0, 0, 0, 0], StandardDeviation = [1, 1, 1, 1] };
        Dictionary<string, OnnxTensor> inputs = Feed(("latents", Numbers.Tensor(3, 1, 4, 2, 2, 3)), ("past_0", Numbers.Tensor(5, 1, 4, 1, 2, 3)));

        OnnxTensor small = OnnxRun.Run(PixelGraph.Compose(Load("vae_decoder"), options), inputs)["frames"], large = OnnxRun.Run(PixelGraph.Compose(Load("vae_decoder"), options, upscaler), inputs)["frames"];

        Assert.Equal<long>([small.Dimensions[0], 2 * small.Dimensions[1], 2 * small.Dimensions[2], 3], large.Dimensions);
        Assert.Equal(small.ToArray<byte>().Sum(value => 4 * value), large.ToArray<byte>().Sum(value => value));
    }

    [Fact]
    public void ComposePixels_OtherNumberOfChannels_NamesBothSides()
    {
        ModelFileException error = Assert.Throws<ModelFileException>(() => PixelGraph.Compose(Load("vae_decoder"), new PixelGraphOptions { Mean = [0, 0], StandardDeviation = [1, 1] }));

        Assert.Contains("latent_sample", error.Message, StringComparison.Ordinal);
        Assert.Contains("[1, 2, f, h, w]", error.Message, StringComparison.Ordinal);
    }

    private static void AssertBytes(float[] sample, byte[] actual, int frames, int area)
    {
        Assert.Equal(sample.Length, actual.Length);
        for (int i = 0; i < actual.Length; i++)
        {
            (int channel, int place) = (i % 3, i / 3);
            double exact = Math.Clamp((sample[(channel * frames * area) + place] + 1) * 127.5, 0, 255);
            // Half-way cases may go either way in single precision.
            Assert.True(Math.Abs(actual[i] - exact) <= 0.5001, $"Byte {i} must be near {exact}, but is {actual[i]}.");
        }
    }

    private static Dictionary<string, OnnxTensor> Feed(params ReadOnlySpan<(string Name, OnnxTensor Value)> values)
    {
        Dictionary<string, OnnxTensor> feeds = new(StringComparer.Ordinal);
        foreach ((string name, OnnxTensor value) in values)
        {
            feeds.Add(name, value);
        }

        return feeds;
    }

    private static OnnxModel Load(string graph) => OnnxModel.Load(RepositoryFolder.PathOf("tests", "Shared", "tiny-pack", graph, "model.onnx"));
}
