using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Seedance.Onnx.Graphs;
using Seedance.Onnx.Requests;
using Seedance.Onnx.Sampling;
using Seedance.Onnx.Stages;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>
/// Two transformers that take turns by noise level, as Wan 2.2 has them: the tiny pack, whose velocity v is exact for any number of steps, and a second graph that gives v / 2.
/// </summary>
[Trait("Tier", "Graph")]
public sealed class TwoExpertsTests
{
    private static readonly VideoRequest Request = new() { Prompt = "a", Frames = 5, Steps = 6, Guidance = 1, Seed = 3, Solver = SolverKind.Euler };

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.9)]
    [InlineData(0.7)]
    [InlineData(0.01)]
    public async Task MakeLatents_AnyBoundary_RunsTheSecondTransformerBelowIt(double boundary)
    {
        using TemporaryFolder folder = new();
        MakeExperts(folder, boundary);
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(folder.Path);
        GenerationPlan plan = GenerationPlan.Create(Request, pipeline.Pack);
        float[] clean = await CleanLatents();

        float[] latents = pipeline.MakeLatents(plan, new StageClock(), progress: null, CancellationToken.None);

        float[] noise = new float[plan.Latents.Length];
        new TorchRandom(plan.Seed).FillNormal(noise);
        float[] expected = Sampler.Run(plan.Solver, noise, (x, step, _, velocity) =>
        {
            float share = step.Timestep < boundary * 1000 ? 0.5f : 1;
            for (int i = 0; i < velocity.Length; i++)
            {
                velocity[i] = share * (x[i] - clean[i]) / (float)step.Sigma;
            }
        });
        NumericAssert.Close<float>(expected, latents, new Tolerance("a few steps of single precision, with divisions", 1e-4, 1e-4));
        Assert.Equal(["tokenizer", "text_encoder", "transformer", "transformer_2", "vae_decoder"], pipeline.Graphs.Select(graph => graph.Role));
    }

    [Fact]
    public async Task PlanMemory_TwoExperts_CountsTheWeightsOfBoth()
    {
        using TemporaryFolder folder = new();
        MakeExperts(folder, 0.9);
        await using VideoPipeline one = await VideoPipeline.OpenAsync(TinyPack.Folder), two = await VideoPipeline.OpenAsync(folder.Path);

        Assert.True(two.PlanMemory(Request).WeightBytes > one.PlanMemory(Request).WeightBytes);
    }

    [Fact]
    public void GenerationRecord_GuidanceOfBothTransformers_ReadsBackToTheSamePlan()
    {
        using TemporaryFolder folder = new();
        MakeExperts(folder, 0.9);
        TinyPack.ChangeContract(folder, contract => contract["sampling"]!["guidance_2"] = 2.5);
        GenerationPlanner planner = GenerationPlanner.Open(folder.Path);
        GenerationPlan plan = planner.Plan(Request with { Guidance = null });

        Assert.True(GenerationRecord.TryParse(GenerationRecord.Of(plan, planner.Pack).ToJson(), out GenerationRecord? record));
        GenerationPlan again = planner.Plan(record!.Request);

        Assert.Equal((plan.Guidance, 2.5), (again.Guidance, again.SecondGuidance));
        Assert.All(plan.Solver.Steps.Zip(again.Solver.Steps), pair => Assert.Equal(pair.First.Weights.ToArray(), pair.Second.Weights.ToArray()));
    }

    /// <summary>Where one step of the pack's own transformer ends: at the clip that the prompt means.</summary>
    private static async Task<float[]> CleanLatents()
    {
        await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(TinyPack.Folder);
        return pipeline.MakeLatents(GenerationPlan.Create(Request with { Steps = 1 }, pipeline.Pack), new StageClock(), progress: null, CancellationToken.None);
    }

    private static void MakeExperts(TemporaryFolder folder, double boundary)
    {
        TinyPack.CopyTo(folder);
        OnnxModel model = OnnxModel.Parse(File.ReadAllBytes(folder.PathOf("transformer", "model.onnx")));
        OnnxNode last = model.Graph.Nodes.Single(node => node.Outputs.Contains("out_hidden_states"));
        last.Outputs[0] = "velocity";
        model.Graph.Initializers.Set(OnnxTensor.Create<float>("half_of_it", [0.5f]));
        model.Graph.Nodes.Add(new OnnxNode("Mul", ["velocity", "half_of_it"], ["out_hidden_states"]));
        string path = folder.PathOf("transformer_2", "model.onnx");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        model.Save(path);
        TinyPack.ChangeContract(folder, contract =>
        {
            JsonObject second = contract["graphs"]!["transformer"]!.DeepClone().AsObject();
            second["file"] = "transformer_2/model.onnx";
            contract["graphs"]!["transformer_2"] = second;
            contract["sampling"]!["boundary_ratio"] = boundary;
            contract["files"]!["transformer_2/model.onnx"] = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
        });
    }
}
