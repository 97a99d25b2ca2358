using System.Text.Json.Nodes;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Sampling;

namespace Seedance.Onnx.Core.Tests.Packs;

[Trait("Tier", "Unit")]
public sealed class SchedulerReaderTests
{
    [Fact]
    public void Read_OnlyAClass_TakesDiffusersDefaults()
    {
        using PackFolderFixture fixture = new(changeScheduler: scheduler =>
        {
            scheduler.Clear();
            scheduler["_class_name"] = "FlowMatchEulerDiscreteScheduler";
        });

        SchedulerContract scheduler = fixture.Open().Scheduler;

        Assert.Equal(new SchedulerContract { Spacing = ScheduleSpacing.FlowMatchEuler, TrainTimesteps = 1000, Shift = 1, SolverOrder = 2 }, scheduler);
    }

    [Fact]
    public void Read_DpmSolver_TakesItsSpacing()
    {
        using PackFolderFixture fixture = new("wan", changeScheduler: scheduler =>
        {
            scheduler["_class_name"] = "DPMSolverMultistepScheduler";
            scheduler["solver_type"] = "midpoint";
            scheduler["algorithm_type"] = "dpmsolver++";
            scheduler["solver_order"] = 3;
            scheduler["flow_shift"] = 5;
        });

        SchedulerContract scheduler = fixture.Open().Scheduler;

        Assert.Equal(new SchedulerContract { Spacing = ScheduleSpacing.DpmSolver, TrainTimesteps = 1000, Shift = 5, SolverOrder = 3 }, scheduler);
        Assert.Equal(FlowSchedule.DpmSolver(10, 5).Sigmas, scheduler.CreateSchedule(10).Sigmas);
        Assert.Equal(FlowSchedule.DpmSolver(10, 2).Sigmas, scheduler.CreateSchedule(10, shift: 2).Sigmas);
    }

    [Theory]
    [InlineData("_class_name", "\"DDIMScheduler\"", "must be one of FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler, DPMSolverMultistepScheduler, but is \"DDIMScheduler\".")]
    [InlineData("use_dynamic_shifting", "true", "must be false, but is true.")]
    [InlineData("use_karras_sigmas", "true", "must be false, but is true.")]
    [InlineData("prediction_type", "\"epsilon\"", "must be \"flow_prediction\", but is \"epsilon\".")]
    [InlineData("use_flow_sigmas", null, "must be true, but is missing.")]
    [InlineData("solver_type", "\"bh1\"", "must be \"bh2\", but is \"bh1\".")]
    [InlineData("disable_corrector", "[0]", "must be [], but is [0].")]
    [InlineData("final_sigmas_type", "\"sigma_min\"", "must be \"zero\", but is \"sigma_min\".")]
    [InlineData("flow_shift", "0", "must be a number above 0 and up to 1000, but is 0.")]
    [InlineData("solver_order", "4", "must be a whole number from 1 to 3, but is 4.")]
    public void Read_ASettingThatWeDoNotHave_IsRefusedByName(string key, string? json, string expected)
    {
        using PackFolderFixture fixture = new("wan", changeScheduler: scheduler => ContractReaderTests.Set(scheduler, key, json is null ? null : JsonNode.Parse(json)));

        Assert.Contains($"scheduler/scheduler_config.json: $.{key} {expected}", fixture.Problems());
    }

    [Fact]
    public void Read_AnUnknownKey_IsRefused()
    {
        using PackFolderFixture fixture = new(changeScheduler: scheduler => scheduler["shifts"] = 3);

        Assert.StartsWith("scheduler/scheduler_config.json: $.shifts must be a known key, but is not.", Assert.Single(fixture.Problems()));
    }
}
