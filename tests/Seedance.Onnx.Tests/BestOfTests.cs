using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Media;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>The best of several videos: the film pack with half the velocity, so that noise is left in its clips, and with a reward graph whose every head is the brightness.</summary>
[Trait("Tier", "Graph")]
public sealed class BestOfTests
{
    private static readonly VideoRequest Words = new() { Prompt = "a red ball", Frames = 5, Steps = 2, Guidance = 1, Seed = 11 };

    [Fact]
    public async Task ChooseAsync_ThreeCandidates_TakesTheBrightestAndItsSeedMakesItAgain()
    {
        using TemporaryFolder folder = new();
        MakePack(folder, scale: 0.5f);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);

        BestOfVideo best = await pipeline.ChooseAsync(await pipeline.PlanAsync(Words), candidates: 3);

        List<VideoFrame>[] each = [.. await Task.WhenAll(new ulong[] { 11, 12, 13 }.Select(seed => FilmPack.ReadAsync(pipeline.GenerateAsync(Words with { Seed = seed }))))];
        double[] brightness = [.. each.Select(frames => frames.Average(frame => frame.Pixels.ToArray().Average(value => value / 255.0)))];
        int brightest = Array.IndexOf(brightness, brightness.Max());
        Assert.Equal([11ul, 12, 13], best.Scores.Select(score => score.Seed));
        Assert.All(best.Scores.Zip(brightness), pair => NumericAssert.Close(pair.Second, pair.First.Total, new Tolerance("bytes in single precision", 1e-3, 1e-3)));
        Assert.Equal(best.Scores[brightest].Seed, best.Video.Plan.Seed);
        List<VideoFrame> frames = await FilmPack.ReadAsync(best.Video);
        Assert.All(each[brightest].Zip(frames), pair => Assert.Equal(pair.First.Pixels.ToArray(), pair.Second.Pixels.ToArray()));
        Assert.Equal((6, 3), (best.Stages.Single(stage => stage.Stage == GenerationStage.Denoise).Runs, best.Stages.Single(stage => stage.Stage == GenerationStage.Judge).Runs));
    }

    [Fact]
    public async Task ChooseAsync_ScoreOutOfRange_SaysSo()
    {
        using TemporaryFolder folder = new();
        MakePack(folder, scale: 5f);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);
        GenerationPlan plan = await pipeline.PlanAsync(Words);

        GraphExecutionException error = await Assert.ThrowsAsync<GraphExecutionException>(() => pipeline.ChooseAsync(plan, candidates: 2));

        Assert.Contains("output 'scores' must be [1, 4] from 0 to 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ChooseAsync_PackWithoutReward_IsRefusedBeforeAnythingRuns()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(FilmPack.Folder);
        GenerationPlan plan = await pipeline.PlanAsync(Words);

        InvalidRequestException error = await Assert.ThrowsAsync<InvalidRequestException>(() => pipeline.ChooseAsync(plan, candidates: 2));

        Assert.Equal("The candidates must be 1 with pack 'tiny-film', which has no graph 'reward' to choose by, but are 2. Make several videos and choose yourself, or take a pack that has one.", Assert.Single(error.Problems));
    }

    /// <summary>Halves the velocity, and judges by the brightness: scale · (mean + 1).</summary>
    private static void MakePack(TemporaryFolder folder, float scale)
    {
        TinyPack.CopyTo(folder, FilmPack.Folder);
        string transformer = folder.PathOf("transformer", "model.onnx"), reward = folder.PathOf("reward", "model.onnx");
        OnnxModel model = OnnxModel.Parse(File.ReadAllBytes(transformer));
        OnnxNode last = model.Graph.Nodes.Single(node => node.Outputs.Contains("out_hidden_states"));
        last.Outputs[0] = "velocity";
        model.Graph.Initializers.Set(OnnxTensor.Create<float>("half_of_it", [0.5f]));
        model.Graph.Nodes.Add(new OnnxNode("Mul", ["velocity", "half_of_it"], ["out_hidden_states"]));
        model.Save(transformer);
        _ = Directory.CreateDirectory(Path.GetDirectoryName(reward)!);
        Judge(scale).Save(reward);
        TinyPack.ChangeContract(folder, contract =>
        {
            contract["graphs"]!["reward"] = JsonNode.Parse("""
                { "file": "reward/model.onnx", "outputs": { "scores": { "type": "float32", "shape": ["B", 4] } },
                  "inputs": { "sample": { "type": "float32", "shape": ["B", 3, "F", "H", "W"] }, "encoder_hidden_states": { "type": "float32", "shape": ["B", "S", 4] } } }
                """);
            foreach (string file in new[] { "transformer/model.onnx", "reward/model.onnx" })
            {
                contract["files"]![file] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(folder.PathOf(file))));
            }
        });
    }

    private static OnnxModel Judge(float scale)
    {
        OnnxGraph graph = new("reward");
        GraphBuilder builder = new(graph);
        builder.Input("sample", OnnxElementType.Float32, "B", 3, "F", "H", "W");
        builder.Input("encoder_hidden_states", OnnxElementType.Float32, "B", "S", 4);
        string mean = builder.Add("ReduceMean", ["sample"], OnnxAttribute.Create("axes", new long[] { 1, 2, 3, 4 }), OnnxAttribute.Create("keepdims", 0L));
        string nothing = builder.Add("Mul", [builder.Add("ReduceMean", ["encoder_hidden_states"], OnnxAttribute.Create("axes", new long[] { 1, 2 }), OnnxAttribute.Create("keepdims", 0L)), builder.Number(0)]);
        string score = builder.Add("Mul", [builder.Add("Add", [builder.Add("Add", [mean, builder.Number(1)]), nothing]), builder.Number(scale)]);
        string heads = builder.Add("Expand", [builder.Add("Unsqueeze", [score, builder.Integers(1)]), builder.Integers(1, 4)]);
        builder.Output(builder.Rename(heads, "scores"), OnnxElementType.Float32, "B", 4);
        return new OnnxModel(graph, opset: 17);
    }
}
