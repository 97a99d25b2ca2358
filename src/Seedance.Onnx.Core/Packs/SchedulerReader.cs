using System.Text.Json;

namespace Seedance.Onnx.Packs;

/// <summary>
/// Reads scheduler/scheduler_config.json as diffusers writes it. What would change the noise levels in a way that this runtime does not
/// have must hold the value that it does have; what plays no part in a flow model is passed over; any other key is a problem.
/// </summary>
internal static class SchedulerReader
{
    public const string FileName = "scheduler/scheduler_config.json";

    /// <summary>Keys that play no part in a flow model, or none with the values required below.</summary>
    private static readonly string[] WithoutEffect =
    [
        "_diffusers_version", "base_image_seq_len", "base_shift", "beta_end", "beta_schedule", "beta_start", "dynamic_thresholding_ratio",
        "euler_at_final", "lambda_min_clipped", "max_image_seq_len", "max_shift", "rescale_betas_zero_snr", "sample_max_value", "sigma_max",
        "sigma_min", "steps_offset", "time_shift_type", "timestep_spacing", "trained_betas", "variance_type",
    ];

    private static readonly Dictionary<string, string> CommonValues = new(StringComparer.Ordinal)
    {
        ["invert_sigmas"] = "false",
        ["shift_terminal"] = "null",
        ["stochastic_sampling"] = "false",
        ["use_beta_sigmas"] = "false",
        ["use_dynamic_shifting"] = "false",
        ["use_exponential_sigmas"] = "false",
        ["use_karras_sigmas"] = "false",
        ["use_lu_lambdas"] = "false",
        ["thresholding"] = "false",
        ["final_sigmas_type"] = "\"zero\"",
        ["lower_order_final"] = "true",
    };

    /// <summary>Reads the file; when problems were added, what comes back is not to be used.</summary>
    public static SchedulerContract Read(JsonElement root, List<string> problems)
    {
        JsonFields fields = new(root, $"{FileName}: $", problems);
        ScheduleSpacing spacing = ReadSpacing(fields);
        bool multistep = spacing != ScheduleSpacing.FlowMatchEuler;
        SchedulerContract scheduler = new()
        {
            Spacing = spacing,
            TrainTimesteps = fields.Whole("num_train_timesteps", 2, 1_000_000, ifMissing: 1000),
            Shift = fields.Number(multistep ? "flow_shift" : "shift", above: 0, most: 1000, ifMissing: 1),
            SolverOrder = multistep ? fields.Whole("solver_order", 1, 3, ifMissing: 2) : 2,
        };
        if (multistep)
        {
            Require(fields, "prediction_type", "\"flow_prediction\"", optional: false);
            Require(fields, "use_flow_sigmas", "true", optional: false);
        }

        Require(fields, "solver_type", spacing == ScheduleSpacing.UniPC ? "\"bh2\"" : "\"midpoint\"", optional: true);
        Require(fields, "algorithm_type", "\"dpmsolver++\"", optional: true);
        Require(fields, "predict_x0", "true", optional: true);
        Require(fields, "disable_corrector", "[]", optional: true);
        Require(fields, "solver_p", "null", optional: true);
        foreach ((string key, string value) in CommonValues)
        {
            Require(fields, key, value, optional: true);
        }

        foreach (string key in WithoutEffect)
        {
            fields.Setting(key, required: null, optional: true);
        }

        fields.Close();
        return scheduler;
    }

    private static ScheduleSpacing ReadSpacing(JsonFields fields)
    {
        (string Name, ScheduleSpacing Spacing)[] classes =
        [
            ("FlowMatchEulerDiscreteScheduler", ScheduleSpacing.FlowMatchEuler),
            ("UniPCMultistepScheduler", ScheduleSpacing.UniPC),
            ("DPMSolverMultistepScheduler", ScheduleSpacing.DpmSolver),
        ];
        string name = fields.Text(
            "_class_name", $"one of {string.Join(", ", classes.Select(c => c.Name))}", text => classes.Any(c => c.Name == text));
        return classes.FirstOrDefault(c => c.Name == name).Spacing;
    }

    private static void Require(JsonFields fields, string key, string json, bool optional)
    {
        using JsonDocument value = JsonDocument.Parse(json);
        fields.Setting(key, value.RootElement, optional);
    }
}
