import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/build.ts",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: "100%", // vitest would leave one core to itself, half of a machine with two
  },
});
