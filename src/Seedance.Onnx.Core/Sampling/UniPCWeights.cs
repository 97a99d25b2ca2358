namespace Seedance.Onnx.Sampling;

/// <summary>
/// The weights of UniPC's predictor and corrector on data predictions, for the move from noise level s to t = s + 1 of a schedule
/// (Zhao et al. 2023, equations 8 and 9 in the data-predicting form, with B(h) = e^h − 1, where here h → −h).
/// </summary>
internal static class UniPCWeights
{
    /// <summary>Weights of m_s, m_{s−1}, … in the predicted latents; <paramref name="order"/> of them.</summary>
    public static double[] Predictor(FlowSchedule schedule, int step, int order)
    {
        Move move = new(schedule, step);
        double[] ratios = Ratios(schedule, step, order - 1, move);
        double[] rho = order switch
        {
            1 => [],
            2 => [0.5],
            _ => SolveRho(ratios, move),
        };
        return Combine(move, ratios, rho);
    }

    /// <summary>Weights of m_s, m_{s−1}, … and, last, of m_t in the corrected latents; <paramref name="order"/> + 1 of them.</summary>
    public static double[] Corrector(FlowSchedule schedule, int step, int order)
    {
        Move move = new(schedule, step);
        double[] ratios = [.. Ratios(schedule, step, order - 1, move), 1];
        return Combine(move, ratios, order == 1 ? [0.5] : SolveRho(ratios, move));
    }

    /// <summary>x_t = (σ_t / σ_s) x_s − α_t φ m_s − α_t φ Σ ρ_i (m_i − m_s) / r_i, as weights of m_s and then of each m_i.</summary>
    private static double[] Combine(Move move, double[] ratios, double[] rho)
    {
        double scale = -move.Alpha * move.Phi;
        double[] weights = new double[1 + rho.Length];
        weights[0] = scale;
        for (int i = 0; i < rho.Length; i++)
        {
            weights[i + 1] = scale * rho[i] / ratios[i];
            weights[0] -= weights[i + 1];
        }

        return weights;
    }

    /// <summary>r_i = (λ_{s−i} − λ_s) / h for the older predictions.</summary>
    private static double[] Ratios(FlowSchedule schedule, int step, int count, Move move)
    {
        double[] ratios = new double[count];
        for (int i = 0; i < count; i++)
        {
            ratios[i] = (LambdaSpace.Lambda(schedule, step - i - 1) - LambdaSpace.Lambda(schedule, step)) / move.H;
        }

        return ratios;
    }

    /// <summary>Solves the order conditions Σ_i r_i^k ρ_i = (k + 1)! (−h) φ_{k+2}(−h) / B(−h), k = 0, 1, …, with φ_{k+1}(z) = (φ_k(z) − 1/k!) / z and φ_0 = e^z.</summary>
    private static double[] SolveRho(double[] ratios, Move move)
    {
        int count = ratios.Length;
        double[,] powers = new double[count, count];
        double[] values = new double[count];
        double phi = (move.Phi / -move.H) - 1;
        double factorial = 1;
        for (int k = 0; k < count; k++)
        {
            for (int i = 0; i < count; i++)
            {
                powers[k, i] = Math.Pow(ratios[i], k);
            }

            values[k] = phi * factorial / move.Phi;
            factorial *= k + 2;
            phi = (phi / -move.H) - (1 / factorial);
        }

        return LinearSystem.Solve(powers, values);
    }

    private sealed class Move(FlowSchedule schedule, int step)
    {
        /// <summary>h = λ_t − λ_s; infinite towards the clean end.</summary>
        public double H { get; } = LambdaSpace.Lambda(schedule, step + 1) - LambdaSpace.Lambda(schedule, step);

        /// <summary>φ = e^{−h} − 1, which is also B(h).</summary>
        public double Phi => Math.Exp(-H) - 1;

        /// <summary>α_t = 1 − σ_t.</summary>
        public double Alpha { get; } = 1 - schedule[step + 1];
    }
}
